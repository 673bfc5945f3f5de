/** Botan 2 and 3, as SEMS and other servers print it: `to_string(Certificate_Status_Code)` (x509/cert_status.h). */
import { refused, refusedSomehow, sets } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const botan: StackGrammar = {
  name: 'Botan',
  rules: [
    { when: /certificate validation failure: cannot establish trust/, says: refused(...sets.noPath) },
    { when: /certificate validation failure: certificate issuer not found/, says: refused(...sets.noPath) },
    { when: /certificate does not match provided name/, says: refused('cert.name-mismatch') },
    {
      when: /certificate validation failure: certificate has expired/,
      says: refused(...sets.expired.unknown),
    },
    {
      when: /certificate validation failure: certificate is not yet valid/,
      says: refused(...sets.notYetValid.unknown),
    },
    { when: /certificate validation failure: certificate is revoked/, says: refused('cert.revoked', 'chain.revoked') },
    { when: /certificate validation failure/, says: refusedSomehow },
  ],
  samples: [
    {
      text: 'Certificate validation failure: Certificate does not match provided name',
      first: 'cert.name-mismatch',
      whose: 'theirs',
      who: 'us',
    },
  ],
}
