/** Flows over UDP, TCP, TLS, WS and WSS, and where to send next (RFC 3263). */
export { createTransport, type TransportOptions } from './transport.ts'
export { DialError } from './refusal.ts'
export { defaultTransportSettings, type TransportSettings } from './settings.ts'
export type * from './flow.ts'
export type * from './types.ts'
