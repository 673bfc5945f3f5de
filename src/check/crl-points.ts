/** Fetches the revocation lists that a chain names (RFC 5280 §4.2.1.13): `--fetch-crls`. */
import { isIP } from 'node:net'
import { downloadCrl } from '../certificates/crl-download.ts'
import { toPem } from '../certificates/der.ts'
import { CertificateError, readCertificate, readCrl } from '../certificates/examine/index.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Done, CheckLog } from './check-log.ts'
import type { CheckOptions } from './options.ts'
import { fine, fromVerdict } from './step.ts'

/** A chain has two or three; a hostile one may name thousands. */
const mostPoints = 6

/** @returns PEM, one CRL each; those that did not come are in the log */
export async function crlPoints(
  log: CheckLog,
  chain: readonly Buffer[],
  options: CheckOptions,
): Promise<readonly string[]> {
  const lists: string[] = []
  for (const url of pointsOf(chain).slice(0, mostPoints)) {
    const list = await log.step('certificate.crl-point', `revocation list ${url.href}`, () => fetchOne(url, options))
    if (list !== undefined) lists.push(list)
  }
  return lists
}

/** Every `http` point, each once. A certificate that cannot be read names none; the examiner says why. */
export function pointsOf(chain: readonly Buffer[]): readonly URL[] {
  const named = chain.flatMap((der) => {
    try {
      return (readCertificate(der).distributionPoints ?? []).flatMap(({ names = [] }) => names)
    } catch (error) {
      if (error instanceof CertificateError) return []
      throw error
    }
  })
  const texts = new Set(named.flatMap((name) => (name.kind === 'uri' ? [name.value] : [])))
  return [...texts].flatMap((text) => {
    const url = URL.parse(text)
    return url?.protocol === 'http:' ? [url] : []
  })
}

async function fetchOne(url: URL, { resolver }: CheckOptions): Promise<Done<string | undefined>> {
  const not = (code: VerdictCode, found: string): Done<undefined> => {
    // It may answer and not have the list: a firewall alone does not explain that.
    const fix = code === 'crl.unreachable' ? { fix: `let ${url.host} serve the list, and this machine reach it` } : {}
    const diagnosis: Verdict = verdict(code, { found: `${url.href}: ${found}`, ...fix })
    return { finding: fromVerdict(diagnosis, { url: url.href }, 'warning'), value: undefined }
  }
  try {
    const address = await addressOf(url.hostname.replace(/^\[|\]$/g, ''), resolver)
    if (address === undefined) return not('crl.unreachable', 'the host has no address')
    const der = await downloadCrl(url, address)
    const { revoked, nextUpdate } = readCrl(der)
    const until = nextUpdate === undefined ? 'without a next update' : `next ${new Date(nextUpdate.at).toISOString()}`
    const evidence = { url: url.href, revoked: revoked.size }
    return { finding: fine(`Fetched: ${revoked.size} revoked, ${until}.`, evidence), value: toPem('X509 CRL', der) }
  } catch (error) {
    if (error instanceof CertificateError) return not('crl.malformed', error.message)
    if (error instanceof Error) return not('crl.unreachable', error.message)
    throw error
  }
}

async function addressOf(host: string, resolver: CheckOptions['resolver']): Promise<string | undefined> {
  if (isIP(host) !== 0) return host
  return (await resolver.a(host))[0] ?? (await resolver.aaaa(host))[0]
}
