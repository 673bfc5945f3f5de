/** A phone for tests, scenario steps, checks and `siplab phone`. */
export { openPhone, type Phone, type ReceivedMessage } from './phone.ts'
export type { Call, IncomingCall, OutgoingCall } from './call.ts'
export { PhoneError } from './phone-error.ts'
export type { PhoneSettings, PhoneTarget, PhoneTransportName } from './settings.ts'
export type { Watch } from './watching.ts'
