/**
 * Answers that are usually there already. Policies stay synchronous then: no promise, no extra turn for each request.
 */

export type Soon<Value> = Value | Promise<Value>

/** `next` of the value, now or when it is there. */
export function soon<Value, Result>(value: Soon<Value>, next: (value: Value) => Soon<Result>): Soon<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Runs `work`; what it throws, or its promise rejects with, goes to `recover`. */
export function recovering<Result>(work: () => Soon<Result>, recover: (error: unknown) => Result): Soon<Result> {
  try {
    const result = work()
    return result instanceof Promise ? result.catch(recover) : result
  } catch (error) {
    return recover(error)
  }
}
