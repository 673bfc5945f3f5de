/** .NET Framework and .NET 5 to 9: `AuthenticationException`, `X509ChainStatusFlags`, `SslPolicyErrors`. */
import { closed, handshake, own, rank, receivedByName, refused, refusedSomehow, sets } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const dotnet: StackGrammar = {
  name: '.NET',
  rules: [
    { when: /remotecertificatenamemismatch/, says: refused('cert.name-mismatch') },
    { when: /remotecertificatenotavailable/, says: refused('tls.client-cert-missing') },
    {
      when: /errors in the certificate chain: .*(?:partialchain|untrustedroot)|\bpartialchain\b|\buntrustedroot\b|cert trust is (?:untrusted root|partial chain)/,
      says: refused('chain.untrusted-root', 'chain.incomplete', 'cert.self-signed'),
    },
    {
      when: /errors in the certificate chain: .*nottimevalid|\bnottimevalid\b|cert trust is not time valid/,
      says: refused('cert.expired', 'cert.not-yet-valid', 'clock.wrong', 'chain.expired'),
    },
    { when: /\bnotvalidforusage\b|cert trust is not valid for usage/, says: refused(...sets.purpose.unknown) },
    { when: /\bnotsignaturevalid\b/, says: refused('cert.signature-invalid') },
    { when: /errors in the certificate chain: .*\brevoked\b/, says: refused('cert.revoked', 'chain.revoked') },
    {
      when: /revocationstatusunknown|offlinerevocation|cert trust (?:revocation status unknown|is offline revocation)/,
      says: refused('crl.missing', 'crl.unreachable', 'crl.expired'),
    },
    { when: /invalidbasicconstraints/, says: refused('chain.not-a-ca', 'chain.path-too-long') },
    {
      when: /invalidnameconstraints|hasnotpermittednameconstraint|hasexcludednameconstraint/,
      says: refused('chain.name-constraint'),
    },
    { when: /invalidpolicyconstraints|noissuancechainpolicy/, says: refused('chain.policy') },
    { when: /hasweaksignature/, says: refused('cert.signature-weak', 'chain.signature-weak') },
    { when: /hasnotsupportedcriticalextension/, says: refused('cert.critical-extension') },
    {
      when: /could not create ssl\/tls secure channel/,
      says: {
        rank: rank.refusal,
        causes: ['tls.no-common-version', 'tls.no-common-cipher', 'tls.client-cert-missing', 'tls.handshake-failed'],
      },
    },
    { when: /rejected by the provided remotecertificatevalidationcallback/, says: refusedSomehow },
    {
      when: /must use a certificate with the (?:associated|corresponding) private key/,
      says: own(['key.missing', 'tls.own-cert-missing']),
    },
    {
      when: /asn1 corrupted data|asn1 bad tag value met/,
      says: own(['file.corrupt', 'file.wrong-kind', 'file.pfx-malformed']),
    },
    { when: /\bkeyset does not exist/, says: own(['key.missing', 'key.unreadable']) },
    {
      when: /specified network password is not correct|certificate data cannot be read with the provided password/,
      says: own(['file.pfx-password']),
    },
    {
      when: /credentials supplied to the package were not recognized/,
      says: own(['key.unreadable', 'key.missing']),
    },
    { when: /remotecertificatechainerrors|remote certificate is invalid (?:according|because)/, says: refusedSomehow },
    {
      when: /could not establish trust relationship for the ssl/,
      says: { ...refusedSomehow, causes: [...refusedSomehow.causes, 'cert.name-mismatch'] },
    },
    {
      when: /cannot determine the frame size or a corrupted frame was received|the handshake failed due to an unexpected packet format/,
      says: handshake(['tls.not-tls', 'tls.no-common-version'], 'us'),
    },
    {
      when: /received an unexpected eof or 0 bytes from the transport|authentication failed because the remote party has closed the transport/,
      says: closed,
    },
    {
      when: /client and server cannot communicate, because they do not possess a common algorithm/,
      says: handshake(['tls.no-common-version', 'tls.no-common-cipher']),
    },
    { when: /authentication failed because the remote party sent a tls alert: '?([a-z]+)/, says: receivedByName },
  ],
  samples: [
    {
      text: 'The remote certificate is invalid because of errors in the certificate chain: PartialChain',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
    {
      text: "Authentication failed because the remote party sent a TLS alert: 'UnknownCA'.",
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
  ],
}
