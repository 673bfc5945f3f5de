/**
 * What cloud peers say of an SBC: Teams Direct Routing (learn.microsoft.com, "SIP response codes"), Warning 399,
 * Reason.
 */
import { closed, outside, rank, refused } from '../grammar.ts'
import type { Saying, StackGrammar } from '../grammar.ts'

const ours = (...causes: Saying['causes']): Saying => ({ rank: rank.reason, causes, whose: 'ours', who: 'them' })

export const cloud: StackGrammar = {
  name: 'Cloud peers',
  rules: [
    {
      when: /(?:common name|subject alternative name|\bcn\b|\bsan\b).*(?:does not|doesn't|do not) match/,
      says: ours('cert.name-not-allowed', 'cert.name-mismatch'),
      only: /\bsbc\b|contact|trunk|tenant|gateway/,
    },
    {
      when: /\b569008\b|certificate (?:of the sbc|used by the sbc)|sbc certificate.*(?:invalid|not valid|untrusted|not trusted)/,
      says: {
        ...ours('cert.name-not-allowed', 'cert.name-mismatch', 'chain.untrusted-root', 'chain.incomplete'),
        rank: rank.refusal,
      },
    },
    {
      when: /sbc certificate.*(?:has )?expired|\bcertificate expired/,
      says: ours('cert.expired', 'clock.wrong'),
      unless: /verif|x509|sec error|alert|peer cert|will|soon/,
    },
    {
      when: /tls connectivity status: inactive/,
      says: { rank: rank.closed, causes: ['tls.peer-refused', 'tls.handshake-failed'] },
    },
    { when: /\b(?:560403|540403)\b/, says: outside('sip', 'sip.refused') },
    { when: /\b(?:560480|510403|500503)\b/, says: outside('sip', 'sip.refused') },
    {
      when: /"?(?:client|server) certificate (?:not|is not) trusted"?/,
      says: refused('chain.untrusted-root', 'chain.incomplete'),
    },
    { when: /sip options status: (?:inactive|warning)/, says: { ...closed, who: 'them' } },
  ],
  samples: [
    {
      text:
        'Warning: 399 sip-all.example.test "SBC certificate common name or subject alternative name does not ' +
        'match the Contact FQDN"',
      first: 'cert.name-not-allowed',
      whose: 'ours',
      who: 'them',
    },
  ],
}
