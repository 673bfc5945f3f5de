/**
 * siplab as a library: a lab for tests, checks and explanations from a program, and the plan of a lab file. The SIP
 * stack alone is `siplab/sip`.
 *
 *     await using lab = await startLab('edge')
 *     const { verdict } = await lab.break('director', 'expired', { as: 'server' })
 */
export { startLab } from './library/lab.ts'
export type { Lab, LabOptions, Patience } from './library/lab.ts'
export { check, explain } from './library/commands.ts'
export type { CheckSettings, Explanation, ExplainSettings } from './library/commands.ts'
export type { FaultOptions, Healed } from './faults/break.ts'
export type { Outcome } from './faults/placement.ts'
export type { SeenLink } from './lab/links.ts'
export type { CountedVerdict } from './lab/join.ts'
export type { NodeEvent } from './node/control/control-api.ts'
export type { CheckReport } from './check/report.ts'
export type { Step } from './check/step.ts'
export { PhoneError } from './phone/phone-error.ts'
export type { Call, IncomingCall, OutgoingCall, Phone, ReceivedMessage } from './phone/types.ts'
export { ConfigError } from './topology/config-error.ts'
export { loadTopology, parseTopology, topologyNames } from './topology/load.ts'
export { nodePlan, planLab } from './topology/plan.ts'
export type * from './topology/plan-types.ts'
export type { Topology } from './topology/topology.ts'
export type { Verdict, VerdictCertificate, WindowsCode } from './verdicts/verdict.ts'
export { verdictCodes } from './verdicts/codes.ts'
export { bringUp } from './lab/up.ts'
export type { RunningLab, UpOptions } from './lab/up.ts'
export { LabError } from './lab/lab-error.ts'
export type { LabChange, ReadyDocument, ReadyNode } from './lab/ready-document.ts'
