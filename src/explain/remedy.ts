/** Which end has to act for a cause, and what to do there in the words of its configuration. */
import { parameterName, stacks } from '../peers/stacks/index.ts'
import type { VerdictCode } from '../verdicts/codes.ts'
import type { CertificateOf } from './answer.ts'

/** `us` and `them` are seen from the end whose log it is; a capture says `dialler` or `acceptor`. */
export type Acting = 'us' | 'them' | 'dialler' | 'acceptor' | 'either' | 'both'

/** The product whose log it is, by its words. Absent: not recognised. */
export function productOf(plain: string): string | undefined {
  return stacks.find(({ logs }) => logs?.test(plain) === true)?.title
}

type Place = 'trust' | 'certificate' | 'key' | 'crl' | 'versions'

interface Work {
  readonly codes: RegExp
  /** `owner`: the end whose certificate it is; `refuser`: the other one; `us`: the end whose log it is. */
  readonly by: 'owner' | 'refuser' | 'us' | 'either' | 'both'
  readonly place: Place
  readonly text: string
}

const replace = 'replace the certificate by one'
/** The first that fits. */
const works: readonly Work[] = [
  {
    codes: /^cert\.expires-soon$/,
    by: 'owner',
    place: 'certificate',
    text: 'renew the certificate before that day, install it, and reload',
  },
  {
    codes: /^cert\.expired$/,
    by: 'owner',
    place: 'certificate',
    text: 'renew the certificate, install it, and reload; compare both clocks first',
  },
  {
    codes: /^(?:cert|chain)\.not-yet-valid$|^clock\./,
    by: 'either',
    place: 'certificate',
    text: 'compare the clock of each end with a time server; then wait, or install a certificate that is valid now',
  },
  {
    codes: /^cert\.not-reloaded$/,
    by: 'owner',
    place: 'certificate',
    text: 'restart the server, so that it loads the renewed certificate',
  },
  {
    codes: /^cert\.(?:name-mismatch|san-missing|cn-not-in-san|wildcard|name-missing)$/,
    by: 'owner',
    place: 'certificate',
    text: `dial a name that is in the certificate, or ${replace} that carries the dialled name as a DNS SAN`,
  },
  {
    codes: /^cert\.name-not-allowed$/,
    by: 'either',
    place: 'certificate',
    text:
      `add the name in the certificate to the list of the server that refuses, or ${replace} with the ` +
      'expected name',
  },
  {
    codes: /^(?:cert\.eku-missing|chain\.eku-narrow)$/,
    by: 'owner',
    place: 'certificate',
    text:
      `${replace} whose purposes fit: serverAuth to be dialled, clientAuth to dial; public CAs no longer ` +
      'issue clientAuth',
  },
  {
    codes: /^cert\.revoked$/,
    by: 'owner',
    place: 'certificate',
    text: 'request a new certificate: a revoked one does not become valid again',
  },
  {
    codes: /^cert\.self-signed$/,
    by: 'owner',
    place: 'certificate',
    text:
      `${replace} of a CA that the other end trusts, or add this very certificate to the trust list of the ` +
      'other end',
  },
  {
    codes: /^chain\.(?:incomplete|out-of-order)$/,
    by: 'owner',
    place: 'certificate',
    text: 'send the whole chain: the certificate of the server first, then each issuing CA, without the root',
  },
  {
    codes: /^chain\.issuer-mismatch$/,
    by: 'owner',
    place: 'certificate',
    text:
      'let the present CA issue the certificate again, send the certificate of that CA with it, and put its root ' +
      'into the trust list of the end that refused',
  },
  {
    codes: /^chain\.(?:untrusted-root|partial-anchor|root-expired)$/,
    by: 'refuser',
    place: 'trust',
    text: 'add the present root of the certificate to the trust list of the end that refused, and remove the stale one',
  },
  {
    codes: /^chain\.expired$/,
    by: 'owner',
    place: 'certificate',
    text: 'send the renewed CA certificate in the chain, and remove the expired one',
  },
  { codes: /^(?:cert|chain)\./, by: 'owner', place: 'certificate', text: `${replace} from a CA that keeps the rule` },
  {
    codes: /^crl\./,
    by: 'refuser',
    place: 'crl',
    text: 'install a current CRL of every issuing CA at the end that refused',
  },
  {
    codes: /^trust\.too-long$/,
    by: 'us',
    place: 'trust',
    text: 'remove the roots that no peer needs from the trust list, or stop sending the list of CA names',
  },
  {
    codes: /^trust\./,
    by: 'us',
    place: 'trust',
    text: 'put the roots that are to be trusted into the trust list, as PEM',
  },
  {
    codes: /^key\.permissions$/,
    by: 'us',
    place: 'key',
    text: 'let only the account of the service read the key file (chmod 600)',
  },
  {
    codes: /^key\./,
    by: 'us',
    place: 'key',
    text:
      'install the private key that belongs to the certificate, readable by the account of the service, as ' +
      'PEM without a passphrase or with the right one',
  },
  {
    codes: /^file\.pfx-password$/,
    by: 'us',
    place: 'certificate',
    text: 'configure the password of the container, or export the container again with a known one',
  },
  {
    codes: /^file\.pfx-legacy$/,
    by: 'us',
    place: 'certificate',
    text:
      'export the container again with AES: openssl pkcs12 -legacy -in OLD.pfx -nodes -out ALL.pem; ' +
      'openssl pkcs12 -export -in ALL.pem -out NEW.pfx',
  },
  {
    codes: /^file\./,
    by: 'us',
    place: 'certificate',
    text: 'install the certificate as PEM: the certificate of the server first, then its issuers',
  },
  {
    codes: /^tls\.client-cert-missing$/,
    by: 'owner',
    place: 'certificate',
    text: 'give the dialling server a client certificate of a CA that the accepting server announces',
  },
  {
    codes: /^tls\.own-cert-missing$/,
    by: 'us',
    place: 'certificate',
    text: 'assign a certificate with its key to the listener',
  },
  {
    codes: /^tls\.no-common-/,
    by: 'both',
    place: 'versions',
    text: 'enable one TLS version, cipher suite, group and signature algorithm at both ends',
  },
  {
    codes: /^tls\.not-tls$/,
    by: 'either',
    place: 'versions',
    text: 'dial the TLS port (SIP: 5061) with TLS; one end speaks plain text',
  },
]

const otherEnd = { ours: 'them', theirs: 'us', dialler: 'acceptor', acceptor: 'dialler' } as const
const thatEnd = { ours: 'us', theirs: 'them', dialler: 'dialler', acceptor: 'acceptor' } as const

/** Which end has to act; `either` where the evidence does not say whose certificate it is. */
export function actingEnd(code: VerdictCode, whose: CertificateOf | undefined): Acting {
  const by = works.find(({ codes }) => codes.test(code))?.by ?? 'either'
  if (by === 'us' || by === 'either' || by === 'both') return by
  if (whose === undefined) return 'either'
  return by === 'owner' ? thatEnd[whose] : otherEnd[whose]
}

/**
 * What to do about a cause: one sentence, with the parameter of the product where it acts and is known.
 *
 * @returns undefined for a cause that has no remedy of its own
 */
export function remedyFor(code: VerdictCode, acting: Acting, product: string | undefined): string | undefined {
  const work = works.find(({ codes }) => codes.test(code))
  if (work === undefined) return undefined
  const known = stacks.find(({ title }) => title === product)
  if (acting === 'them' || known?.keeps === undefined) return work.text
  const reload = known.reload === undefined ? '' : `; then ${known.reload}`
  return `${work.text} (${known.title}: ${parameterName(known.keeps[work.place])}${reload})`
}
