/** What the parts of the proxy core share. */
import type { TransactionLayer } from '../transaction/types.ts'
import type { Detours } from './detours.ts'
import type { OwnNames } from './own.ts'
import type { ProxySettings } from './settings.ts'

export interface Core {
  readonly settings: ProxySettings
  readonly own: OwnNames
  readonly transactions: TransactionLayer
  readonly detours: Detours
}
