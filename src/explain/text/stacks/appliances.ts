/**
 * Session border controllers and call servers that are bought: Cisco Expressway and IOS (PKI messages of the system
 * message guide), AudioCodes, and the error codes of Twilio (twilio.com, "Error and warning dictionary").
 */
import { broken, closed, handshake, rank, refused, refusedSomehow, sets } from '../grammar.ts'
import type { Saying, StackGrammar } from '../grammar.ts'

/** The peer that tells us refused our certificate. */
const ours = (...causes: Saying['causes']): Saying => ({ rank: rank.reason, causes, whose: 'ours', who: 'them' })

export const appliances: StackGrammar = {
  name: 'Cisco, AudioCodes, Twilio',
  rules: [
    { when: /no ssl error available, probably remote disconnect/, says: closed },
    { when: /tls certificate identity was unacceptable/, says: refused('cert.name-mismatch', 'cert.name-not-allowed') },
    { when: /%pki-\d-certificate invalid expired/, says: refused(...sets.expired.unknown) },
    { when: /%pki-\d-certificate invalid not yet valid/, says: refused(...sets.notYetValid.unknown) },
    { when: /%pki-\d-certificate revoked/, says: refused('cert.revoked', 'chain.revoked') },
    { when: /%pki-\d-certificate invalid\b(?! (?:expired|not yet))/, says: refusedSomehow },
    // A notice before the day is no failure yet.
    {
      when: /certificate .*(?:about to expire|expires? soon|expir(?:es?|ing) (?:in|within) (?:less than )?(?:(?:[1-3]?\d|4[0-5]|a) days?|(?:[1-6]|a) weeks?|\d+ hours?)\b)/,
      says: { rank: rank.outside, causes: ['cert.expires-soon'] },
    },
    // An alarm of the box about its own certificate.
    {
      when: /certificate of (?:tls|security) context .*has expired|\btls certificate of .*context .*has expired/,
      says: { rank: rank.reason, causes: ['cert.expired'], whose: 'ours' },
    },
    { when: /\b32222\b.*tls version not allowed/, says: handshake(['tls.no-common-version']) },
    { when: /\b11220\b.*ssl\/tls handshake error/, says: broken },
    { when: /\b11235\b.*domain mismatch/, says: ours('cert.name-mismatch') },
    { when: /\b11236\b.*certificate expired/, says: ours('cert.expired', 'clock.wrong') },
    {
      when: /\b11237\b.*could not find path to certificate/,
      says: ours('chain.incomplete', 'chain.untrusted-root', 'cert.self-signed'),
    },
  ],
  samples: [
    {
      text: 'Event="Outbound TLS Negotiation Error" Detail="Peer\'s TLS certificate identity was unacceptable"',
      first: 'cert.name-mismatch',
      whose: 'theirs',
      who: 'us',
    },
    {
      text: 'Error - 11237 Certificate Invalid - Could not find path to certificate',
      first: 'chain.incomplete',
      whose: 'ours',
      who: 'them',
    },
  ],
}
