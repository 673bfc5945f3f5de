/** A phone for tests, scenario steps, checks and `siplab phone`. */
export { openPhone, type Phone, type PhoneNotice, type ReceivedMessage } from './phone.ts'
export type { Call, CallEnd, IncomingCall, OutgoingCall } from './call.ts'
export { PhoneError, type PhoneAnswer, type PhoneErrorCode } from './phone-error.ts'
export type { Registered } from './registration.ts'
export type { PhoneSettings, PhoneTarget, PhoneTransportName } from './settings.ts'
