/**
 * A database that cannot be used, as verdict and as the event an administrator knows from a configuration that cannot
 * be read.
 */
import { type VerdictCode, verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { StoreHealth } from '../services/store/settings.ts'
import type { StoreErrorCode } from '../services/store/store-error.ts'
import { usualCauses } from './failure-chain.ts'
import type { Recorder } from './recorder.ts'

export type StoreName = 'directory' | 'pool'

type Trouble =
  | 'unreachable'
  | 'permission'
  | 'busy'
  | 'connections'
  | 'slow'
  | 'full'
  | 'io-error'
  | 'corrupt'
  | 'failed'
  | 'read-only'
  | 'split'

const troubles: Readonly<Record<StoreErrorCode, Trouble>> = {
  'store.unreachable': 'unreachable',
  'store.permission-denied': 'permission',
  'store.busy': 'busy',
  'store.too-many-connections': 'connections',
  'store.slow': 'slow',
  'store.full': 'full',
  'store.io-error': 'io-error',
  'store.corrupt': 'corrupt',
  'store.failed': 'failed',
  'store.read-only': 'read-only',
  'store.split': 'split',
}

/** `store.slow` for the pool store, `directory.slow` for the directory. */
export function storeVerdict(store: StoreName, { error }: StoreHealth, node: string): Verdict {
  const trouble = error === undefined ? 'unreachable' : troubles[error.code]
  const code: VerdictCode = store === 'pool' ? `store.${trouble}` : `directory.${trouble}`
  return verdict(code, { node, ...(error === undefined ? {} : { found: error.message }) })
}

export function isAbout(store: StoreName, { code }: Verdict): boolean {
  return code.startsWith(store === 'pool' ? 'store.' : 'directory.')
}

/**
 * What the configuration event names: pool configuration was in the SQL back end, the trusted lists in the directory
 * (topology-facts §5.3). A running service goes on all the same and asks again: decision 0020.
 */
export const storeClasses: Readonly<Record<StoreName, string>> = {
  pool: 'MSFT_SIPProxySetting',
  directory: 'MSFT_SIPESTrustedServerSetting',
}

export function recordStoreLost(recorder: Recorder, store: StoreName, { state }: StoreHealth, cause: Verdict): void {
  recorder.record('store.lost', { verdict: cause, data: { store, state } })
  recorder.record('configuration.not-retrieved', {
    verdict: cause,
    message:
      `Configuration of the class ${storeClasses[store]} could not be retrieved; the service asks again ` +
      `every second. ${usualCauses(cause)}`,
    data: { class: storeClasses[store], store, cause: cause.code },
  })
}
