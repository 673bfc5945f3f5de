/**
 * siplab as a library: read a lab file, derive its plan, bring it up. The SIP stack alone is `siplab/sip`.
 *
 *     const topology = loadTopology('edge')
 *     const plan = planLab(topology, { network: 42 })
 */
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
