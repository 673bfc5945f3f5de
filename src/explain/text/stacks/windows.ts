/**
 * Windows: Schannel events (36867 to 36888) and HRESULTs as `0x80090325`, `80090325`, signed and unsigned decimal or
 * name. The meaning of a number is that of certificates/windows-codes.ts.
 */
import { findWindowsCode, windowsCodes } from '../../../verdicts/windows-codes.ts'
import { alertReceived, alertSent, event, handshake, own, rank, receivedByNumber, refused } from '../grammar.ts'
import type { Rule, Saying, StackGrammar } from '../grammar.ts'
import { meanings, refusal, sentenceRules, untrusted } from './windows-meanings.ts'

function byCode(match: RegExpExecArray): Saying | undefined {
  const word = (match[1] ?? '').replaceAll(' ', '_')
  const entry = findWindowsCode(word)
  return entry === undefined ? undefined : meanings[entry.name]
}

/** Names of the table in canonical form, the longest first. */
const byNames = new RegExp(
  `\\b(${Object.keys(windowsCodes)
    .map((name) => name.toLowerCase().replaceAll('_', ' '))
    .toSorted((a, b) => b.length - a.length)
    .join('|')})\\b`,
)

/** Not TLS, or a version so old that it looks like none. */
const notTls = handshake(['tls.not-tls', 'tls.no-common-version', 'tls.handshake-failed'], 'us')

/** Events 36887 and 36888 in German, French and Spanish. */
const translated: readonly Rule[] = [
  { when: /warnung vom remoteendpunkt empfangen.*?code: ?(\d{1,3})\b/, says: receivedByNumber },
  { when: /alerte irr.cup.rable a .t. re.ue .*?tls est ?:? ?(\d{1,3})\b/, says: receivedByNumber },
  { when: /recibi. una alerta irrecuperable .*?tls es ?:? ?(\d{1,3})\b/, says: receivedByNumber },
  {
    when: /warnung (?:generiert|erstellt) und an den remoteendpunkt gesendet.*?code: ?(\d{1,3})\b/,
    says: (match) => alertSent(Number(match[1]), 'schannel'),
  },
  {
    when: /alerte irr.cup.rable a .t. g.n.r.e et envoy.e .*?tls est ?:? ?(\d{1,3})\b/,
    says: (match) => alertSent(Number(match[1]), 'schannel'),
  },
  {
    when: /gener. una alerta irrecuperable y se envi. .*?tls es ?:? ?(\d{1,3})\b/,
    says: (match) => alertSent(Number(match[1]), 'schannel'),
  },
]

const alertOf = (match: RegExpExecArray): Saying => alertReceived(Number(match[1] ?? match[2]))

export const windows: StackGrammar = {
  name: 'Windows',
  rules: [
    { when: /alert was received.*?code (?:is )?(\d{1,3})\b|alert was received: ?(\d{1,3})\b/, says: alertOf },
    // The event alone, and as XML.
    {
      when: event([36887], /schannel.*alertdesc'>\d/),
      says: { rank: rank.closed, causes: ['tls.alert'], who: 'them' },
    },
    { when: /schannel.*\b36887\b.*alertdesc'>(\d{1,3})\b/, says: receivedByNumber },
    {
      when: event([36888], /schannel.*\b36888\b/),
      says: { rank: rank.closed, causes: ['tls.handshake-failed'], who: 'us' },
    },
    ...translated,
    // State 1203: what came is not TLS at all.
    {
      when: /alert was generated.*?code is 10\. .*state is 1203\b|fatal error code is 10\. .*state is 1203\b/,
      says: notTls,
    },
    {
      when: /alert was generated.*?code is (\d{1,3})\b/,
      says: (match) => alertSent(Number(match[1]), 'schannel'),
      unless: /state is 1203\b/,
    },
    {
      when: /fatal error code is (\d{1,3})\b/,
      says: (match) =>
        match[1] === '40'
          ? {
              rank: rank.refusal,
              causes: [
                'tls.no-common-cipher',
                'tls.no-common-version',
                'tls.client-cert-missing',
                'tls.no-common-signature',
                'tls.no-common-group',
              ],
              who: 'us',
            }
          : alertSent(Number(match[1]), 'schannel'),
      unless: /state is 1203\b/,
    },
    {
      when: event([36874], /none of the cipher suites supported by the client/),
      says: handshake(['tls.no-common-cipher'], 'us'),
    },
    {
      when: event([36871], /fatal error occurred while creating (?:a|an) (?:tls|ssl) (?:client|server) credential/),
      says: own(['config.invalid', 'key.unreadable', 'tls.no-common-version']),
      unless: /state is 10013\b/,
    },
    // 10013: the program wants a version or algorithm that is switched off on this machine.
    { when: /internal error state is 10013\b/, says: handshake(['tls.no-common-version', 'config.invalid'], 'us') },
    // Windows goes on without one, and the other end decides.
    {
      when: /requested (?:tls|ssl) client authentication, but no suitable client certificate could be found/,
      says: { rank: rank.outside, causes: ['tls.client-cert-missing'], whose: 'ours' },
    },
    {
      when: event(
        [36870],
        /error occurred when attempting to access the (?:tls|ssl) (?:server|client) credential private key/,
      ),
      says: own(['key.unreadable', 'key.missing']),
    },
    {
      when: event([36869], /(?:credential's|server credential) certificate does not have a private key/),
      says: own(['key.missing', 'key.unreadable']),
    },
    {
      when: event([36872], /no suitable default server credential/),
      says: own(['tls.own-cert-missing', 'config.certificate-unassigned']),
    },
    {
      when: event([36876], /certificate received from the remote server has not validated correctly/),
      says: {
        ...refused(
          'chain.untrusted-root',
          'cert.expired',
          'cert.revoked',
          'crl.unreachable',
          'cert.eku-missing',
          'chain.incomplete',
        ),
        rank: rank.refusal,
      },
    },
    {
      when: event([36877], /certificate received from the remote client (?:has not validated|application has not)/),
      says: {
        ...refused(
          'chain.untrusted-root',
          'cert.expired',
          'cert.revoked',
          'crl.unreachable',
          'cert.eku-missing',
          'chain.incomplete',
        ),
        rank: rank.refusal,
      },
    },
    {
      when: event(
        [36881],
        /remote server has (?:either )?expired|received from the remote server has (?:either )?expired/,
      ),
      says: refused('cert.expired', 'cert.not-yet-valid', 'clock.wrong'),
    },
    {
      when: event([36882], /issued by an untrusted certificate authority/),
      says: refused(...untrusted),
    },
    // The sentence of SEC_E_UNTRUSTED_ROOT, which a received alert gives too.
    { when: /chain was issued by an authority that is not trusted/, says: refusal(...untrusted) },
    {
      when: event([36884], /does not contain the expected name|target principal name is incorrect/),
      says: refused('cert.name-mismatch'),
    },
    { when: event([36883], /received from the remote server has been revoked/), says: refused('cert.revoked') },
    {
      when: event([36885], /list of trusted certificate authorities .*too (?:long|large)|trusted issuers? .*truncated/),
      says: own(['trust.too-long']),
    },
    {
      when: event([36886], /no suitable default server credential exists/),
      says: own(['tls.own-cert-missing', 'config.certificate-unassigned']),
    },
    {
      when: /revocation server was offline|unable to check revocation/,
      says: refusal('crl.unreachable', 'crl.missing', 'crl.expired'),
    },
    ...sentenceRules,
    { when: /(?:^|[^0-9a-z.:-])(0x[0-9a-f]{8})\b/, says: byCode },
    { when: /(?:^|[^0-9a-z.:/-])([89c][0-9a-f]{7})(?![0-9a-z:])/, says: byCode },
    { when: /(?:^|[^0-9a-z.:/])(-?\d{9,10})(?![0-9a-z.:])/, says: byCode },
    { when: byNames, says: byCode },
  ],
  samples: [
    { text: '-2146893022', first: 'cert.name-mismatch' },
    { text: '0x80090325', first: 'chain.untrusted-root' },
    {
      text: 'A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 48.',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
  ],
}
