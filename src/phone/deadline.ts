/** Every wait of a phone ends. */
import type { Clock } from '../sip/clock.ts'
import { PhoneError } from './phone-error.ts'

/** `within(clock, 10_000, 'REGISTER sip:lab.test', answered)`: as `work`, or rejects with `phone.timeout`. */
export async function within<T>(clock: Clock, ms: number, what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = clock.after(ms, () =>
    late.reject(new PhoneError('phone.timeout', `${what}: nothing came within ${ms} ms`)),
  )
  try {
    return await Promise.race([work, late.promise])
  } finally {
    timer.cancel()
  }
}
