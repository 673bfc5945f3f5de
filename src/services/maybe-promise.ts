/**
 * Values that are usually known at once. Policies then stay synchronous: no promise and no extra turn of the event loop
 * for each request.
 */

export type MaybePromise<Value> = Value | Promise<Value>

/** Calls `next` with the value: at once, or when the promise resolves. */
export function andThen<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Runs `work`; `recover` gets the error that `work` throws or that its promise rejects with. */
export function recovering<Result>(
  work: () => MaybePromise<Result>,
  recover: (error: unknown) => Result,
): MaybePromise<Result> {
  try {
    const result = work()
    return result instanceof Promise ? result.catch(recover) : result
  } catch (error) {
    return recover(error)
  }
}
