/** A phone for tests, scenario steps, checks and `siplab phone`. */
export { openPhone } from './phone.ts'
export { Buddies } from './buddies.ts'
export { Communicator, CommunicatorError, type CommunicatorEvent, type CommunicatorSettings } from './communicator.ts'
export type { Call, IncomingCall, OutgoingCall, Phone, ReceivedMessage, Watch } from './types.ts'
export { PhoneError } from './phone-error.ts'
export type { PhoneSettings, PhoneTarget, PhoneTransportName } from './settings.ts'
