/** rustls 0.19 to 0.23 and webpki: `Error` and `CertificateError` (rustls/src/error.rs). */
import { closed, handshake, own, receivedByName, refused, refusedSomehow, sets } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

/** A root of the machine that rustls leaves out: no link fails for it alone. */
const skippedRoot = /failed to parse der certificate/

export const rustls: StackGrammar = {
  name: 'rustls',
  rules: [
    { when: /received fatal alert: ?([a-z]+)/, says: receivedByName },
    { when: /alertreceived\(([a-z]+)\)/, says: receivedByName },
    {
      when: /invalid peer certificate:? .*(?:notvalidforname|not valid for (?:the )?name)|certnotvalidforname|notvalidfornamecontext/,
      says: refused('cert.name-mismatch'),
    },
    {
      when: /invalid ?(?:peer ?)?certificate.*notvalidyet|certnotvalidyet|notvalidyetcontext/,
      says: refused(...sets.notYetValid.unknown),
    },
    {
      when: /invalid ?(?:peer ?)?certificate.*expired(?!revocation)|certexpired|expiredcontext/,
      says: refused(...sets.expired.unknown),
    },
    {
      when: /invalid ?(?:peer ?)?certificate.*unknownissuer|\bunknownissuer\b/,
      says: refused(...sets.noPath.slice(0, 3)),
    },
    { when: /causedasendentity|ca ?used ?as ?end ?entity/, says: refused('cert.is-ca', 'cert.self-signed') },
    { when: /endentityusedasca/, says: refused('chain.not-a-ca') },
    { when: /invalidpurpose|requiredekunotfound/, says: refused('cert.eku-missing', 'chain.eku-narrow') },
    { when: /pathlenconstraintviolated/, says: refused('chain.path-too-long') },
    { when: /nameconstraintviolation/, says: refused('chain.name-constraint') },
    {
      when: /unhandledcriticalextension|unsupportedcriticalextension/,
      says: refused('cert.critical-extension'),
      unless: skippedRoot,
    },
    { when: /invalid ?(?:peer ?)?certificate.*revoked|\bcertrevoked/, says: refused('cert.revoked') },
    { when: /unknownrevocationstatus/, says: refused('crl.missing') },
    { when: /expiredrevocationlist/, says: refused('crl.expired') },
    {
      when: /badsignature|invalidsignatureforpublickey/,
      says: refused('cert.signature-invalid', 'chain.issuer-mismatch'),
    },
    // The digest does not go with the curve: no weakness.
    {
      when: /unsupportedsignaturealgorithmforpublickey/,
      says: refused('tls.no-common-signature', 'cert.signature-weak'),
    },
    {
      when: /unsupportedsignaturealgorithm(?!forpublickey)/,
      says: refused('cert.signature-weak', 'chain.signature-weak', 'tls.no-common-signature'),
    },
    {
      when: /badencoding|unsupportedcertversion|extensionvalueinvalid|invalidcertvalidity/,
      says: refused('cert.malformed'),
      unless: skippedRoot,
    },
    { when: /nocertificatespresented|peer sent no certificates/, says: refused('tls.client-cert-missing') },
    { when: /nociphersuitesincommon|no ciphersuites? in common/, says: handshake(['tls.no-common-cipher'], 'us') },
    { when: /nokxgroupsincommon/, says: handshake(['tls.no-common-group'], 'us') },
    {
      when: /nosignatureschemesincommon|no overlapping sigschemes/,
      says: handshake(['tls.no-common-signature'], 'us'),
    },
    {
      when: /tls1[23]notoffered|supportedversionsextensionrequired|peer is incompatible: .*version|servertlsversionisdisabled|serverdoesnotsupporttls/,
      says: handshake(['tls.no-common-version'], 'us'),
    },
    { when: /noapplicationprotocol/, says: handshake(['tls.alpn-mismatch'], 'us') },
    {
      when: /received corrupt message|invalidcontenttype|corruptmessage/,
      says: handshake(['tls.not-tls', 'tls.no-common-version'], 'us'),
    },
    { when: /tls handshake eof|peer closed connection without sending tls close ?notify/, says: closed },
    { when: /cannot decrypt peer's message|decrypterror/, says: closed },
    { when: /keys may not be consistent|inconsistentkeys|keymismatch/, says: own(['key.mismatch']) },
    {
      when: /no server certificate chain resolved/,
      says: handshake(['tls.own-cert-missing', 'tls.name-unknown'], 'us'),
    },
    { when: /no private keys? found|failed to parse private key/, says: own(['key.malformed', 'key.missing']) },
    { when: /invalid peer certificate/, says: refusedSomehow },
  ],
  samples: [
    { text: 'invalid peer certificate: UnknownIssuer', first: 'chain.untrusted-root', whose: 'theirs', who: 'us' },
    { text: 'received fatal alert: CertificateUnknown', first: 'chain.untrusted-root', whose: 'ours', who: 'them' },
    { text: 'invalid peer certificate: Expired', first: 'cert.expired', whose: 'theirs', who: 'us' },
  ],
}
