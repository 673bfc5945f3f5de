/** A phone and its calls as others see them; the user agent behind them is sip.js. */
import type { HeaderField } from '../sip/message/types.ts'
import type { PhoneAnswer, PhoneError } from './phone-error.ts'
import type { PhoneTarget } from './settings.ts'

export interface ReceivedMessage {
  /** URI of the sender, e.g. `sip:bob@lab.test`. */
  readonly from: string
  readonly to: string
  readonly text: string
  readonly contentType: string
  /** Value of a header field, e.g. `P-Asserted-Identity`. */
  header(name: string): string | undefined
}

/** What happens without being asked for. */
export type PhoneNotice =
  | { readonly kind: 'flow-lost'; readonly error: PhoneError }
  | { readonly kind: 'signed-in-again'; readonly registered: Registered }
  | { readonly kind: 'signed-out'; readonly because: string }

export interface Phone {
  /** `sip:alice@lab.test` */
  readonly uri: string
  readonly signedIn: boolean
  /** Where it signed in, or will. */
  readonly target: PhoneTarget
  onMessage: ((message: ReceivedMessage) => void) | undefined
  onCall: ((call: IncomingCall) => void) | undefined
  onNotice: ((notice: PhoneNotice) => void) | undefined
  /** REGISTER, following a director's 301. @throws PhoneError */
  signIn(): Promise<Registered>
  /** Removes our own Contact. @throws PhoneError */
  signOut(): Promise<void>
  /** `message('sip:bob@lab.test', 'hello')`: the 2xx. `headers` are further header fields. @throws PhoneError */
  message(to: string, text: string, headers?: readonly HeaderField[]): Promise<PhoneAnswer>
  call(to: string): OutgoingCall
  /** Subscribes to the presence of `of`; resolves with the first NOTIFY. @throws PhoneError */
  watch(of: string, onDocument: (body: string) => void, expiresSeconds?: number): Promise<Watch>
  /** PUBLISH of a PIDF document, or of none, which removes; `etag` is that of an earlier answer. @throws PhoneError */
  publish(document: string | undefined, etag?: string): Promise<PhoneAnswer>
  /** Puts a user on the contact list that the home server keeps. @throws PhoneError */
  setContact(uri: string): Promise<PhoneAnswer>
  /** Users of the directory whose display name has `name` in it. @throws PhoneError */
  search(name: string): Promise<readonly FoundUser[]>
  /** The next MESSAGE that no `onMessage` took, those that came already included. */
  nextMessage(wanted?: (message: ReceivedMessage) => boolean, withinMs?: number): Promise<ReceivedMessage>
  nextCall(wanted?: (call: IncomingCall) => boolean, withinMs?: number): Promise<IncomingCall>
  /** Calls that are not over. */
  readonly calls: readonly Call[]
  /** Breaks the flow as a lost network would. */
  breakFlow(): void
  /** Hangs up, signs out and ends the flow; bounded in time, never rejects. */
  close(): Promise<void>
}

/** A user that the directory knows. */
export interface FoundUser {
  /** `sip:carol@lab.test` */
  readonly uri: string
  /** Display name. */
  readonly name: string
}

/** What the registrar agreed to. */
export interface Registered {
  /** Where the binding lives in the end: the target, or the home pool a director named. */
  readonly target: PhoneTarget
  /** How often a 301 sent us on. */
  readonly redirects: number
  /** Contact values of all bindings of this user, as the registrar listed them. */
  readonly contacts: readonly string[]
}

export interface Call {
  /** Call-ID. */
  readonly id: string
  readonly direction: 'outgoing' | 'incoming'
  /** URI of the other end, e.g. `sip:bob@lab.test`. */
  readonly peer: string
  readonly state: 'ringing' | 'established' | 'ended'
  /** 200 and ACK have passed. Rejects when the call ends before, with the status of its refusal. */
  readonly established: Promise<void>
  /** Resolves when the call is over, however it ended; never rejects. */
  readonly ended: Promise<CallEnd>
  /** Re-INVITE with the same session; resolves with its 200 (RFC 3261 §14). */
  renew(): Promise<PhoneAnswer>
  /** BYE; resolves with its 200. Before it is answered: CANCEL, or 480 to the caller. */
  hangUp(): Promise<void>
}

export interface CallEnd {
  readonly by: 'us' | 'them'
  readonly how: 'bye' | 'cancel' | 'refused' | 'failed'
  readonly answer?: PhoneAnswer
}

export interface OutgoingCall extends Call {
  /** Provisional answers so far, e.g. 180. */
  readonly progress: readonly number[]
  /** CANCEL; resolves when the INVITE has got its final answer (487). */
  cancel(): Promise<CallEnd>
}

export interface IncomingCall extends Call {
  /** Value of a header field of the INVITE, e.g. `P-Asserted-Identity`. */
  header(name: string): string | undefined
  /** 200; resolves when it is established. */
  answer(): Promise<void>
  /** `reject(486)` */
  reject(status?: number): Promise<void>
}

/** A subscription that the server accepted. */
export interface Watch {
  /** URI of the user that is watched. */
  readonly of: string
  /** false: a NOTIFY or the timer ended it. */
  readonly active: boolean
  /** SUBSCRIBE in the dialog; a NOTIFY with the whole state follows (RFC 6665 §4.1.2.2). @throws PhoneError */
  refresh(): Promise<PhoneAnswer>
  /** SUBSCRIBE with Expires: 0; nothing waits for its answer. */
  end(): void
}
