/**
 * The connectivity analyzer: can a client get in through this server, and if not, which step fails and whose fault is
 * it?
 */
export { bordersStep } from './borders.ts'
export { totals, walk, type Reached } from './check.ts'
export { discoverDomain, discoverHost, type Candidate } from './discover.ts'
export type { TlsLimits } from './handshake.ts'
export { CheckLog, type RemedyContext, type Watcher } from './check-log.ts'
export { loginStep, type Credentials, type Echo } from './login.ts'
export { linkSteps, mostAtOnce, tryLinks, type LinkResult, type LinkTrial } from './matrix.ts'
export { lintNames, type NameView } from './names.ts'
export { differences, ExpectError, readExpectations, type Difference } from './expect.ts'
export { htmlReport } from './report-html.ts'
export { matrixTable } from './report-matrix.ts'
export { junitReport } from './report-junit.ts'
export { csvReport } from './report-csv.ts'
export { crlFiles, identityFiles, systemTrust, trustFiles } from './material.ts'
export type { CheckOptions, OwnIdentity, Trust } from './options.ts'
export { checkProfile, checkProfileNames, type CheckProfileName } from './profiles.ts'
export { checkReport, type CheckReport } from './report.ts'
export { allSteps, fromVerdict, type Step } from './step.ts'
export { readTarget, TargetError, type Target } from './target.ts'
