/** What the parts of the proxy core share. */
import type { TransactionLayer } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { Detours } from './detours.ts'
import type { OwnNames } from './own.ts'
import type { ProxySettings } from './settings.ts'

export interface Core {
  readonly settings: ProxySettings
  readonly own: OwnNames
  readonly transactions: TransactionLayer
  readonly detours: Detours
  /** Which of several targets answered an INVITE, for an ACK that names the user only. */
  readonly answers: Detours
  /** A response whose flow did not take it goes by RFC 3261 §18.2.2. */
  sendBack(flow: Flow, text: string): void
}
