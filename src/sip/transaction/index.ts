/** Client and server transactions, their timers and their table (RFC 3261 §17, RFC 6026). */
export { createTransactions } from './layer.ts'
export { defaultTransactionLimits, type TransactionLimits, type TransactionSettings } from './settings.ts'
export { type TimerName, type TimerOwner, TimerWheel, WheelTimer } from './timer-wheel.ts'
export * from './types.ts'
export {
  defaultOverload,
  type EventLoop,
  OverloadGuard,
  type OverloadSettings,
  systemLoop,
  threadCpuMs,
} from './overload.ts'
