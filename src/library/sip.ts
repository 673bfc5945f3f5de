/**
 * The SIP stack as a library of its own: messages, transports, transactions, the proxy core, and the registrar with
 * its location service and digest authentication.
 *
 *     await using server = await openServer({ name, domains, listeners, policies })
 */
export * from '../sip/index.ts'
export { openServer, tlsMaterial } from './sip-server.ts'
export type { ServerListener, ServerParts, ServerSettings, SipServer, TlsFiles } from './sip-server.ts'
export { registrar } from '../services/registrar/registrar.ts'
export type { AccountSource, RegistrarOptions } from '../services/registrar/registrar.ts'
export { localTargets, type LocalTargetsOptions } from '../services/registrar/local-targets.ts'
export { type LocationService, memoryLocation } from '../services/location/location.ts'
export type { Binding } from '../services/location/binding.ts'
export type { Account } from '../services/store/directory.ts'
export { authenticate, type AuthenticateOptions } from '../services/authentication/authenticate.ts'
export { digest, type DigestOptions } from '../services/authentication/digest.ts'
export { fixedUsers } from './fixed-users.ts'
