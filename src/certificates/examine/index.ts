/** The examiner as the rest of siplab uses it. */
export { CertificateError } from './certificate-error.ts'
export { readCertificate, type Certificate } from './certificate.ts'
export { readCrl } from './crl.ts'
export { examine, type Examination, type ExamineRequest } from './examine.ts'
export { explain, toVerdict, verdictCertificate, type Observer } from './explain.ts'
export type { Fault } from './faults.ts'
export { judgeLimbo, type LimboOutcome } from './limbo.ts'
export {
  bookOf,
  hostNames,
  matchName,
  offeredNames,
  wantedHost,
  type NameRules,
  type RuleBook,
  type WantedName,
} from './names.ts'
export { pemBlocks } from './pem.ts'
export type { ExaminerProfile, ProfileName } from './profiles.ts'
export { normaliseSerial, reverseSerial, serialNumber } from './serials.ts'
