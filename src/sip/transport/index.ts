/** Flows over UDP, TCP, TLS, WS and WSS, and where to send next (RFC 3263). */
export { createTransport, type TransportOptions } from './transport.ts'
export { DialError } from './refusal.ts'
export { defaultTransportSettings, type TransportSettings } from './settings.ts'
export {
  locate,
  locateService,
  locateTarget,
  LocateError,
  orderSrv,
  type LocateOptions,
  type LocateTarget,
} from './dial/locate.ts'
export {
  createResolver,
  ResolveError,
  type NaptrRecord,
  type Resolver,
  type ResolverOptions,
  type SrvRecord,
} from './dial/resolver.ts'
export { TargetHealth, type Target as HealthTarget, type TargetHealthOptions } from './dial/target-health.ts'
export { defaultPorts, isSecure, transportFor } from './dial/transport-choice.ts'
export type * from './flow.ts'
export type * from './types.ts'
