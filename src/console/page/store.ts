/** A value that parts of the page look at: each is drawn anew when it changes. */
import { useEffect, useState } from 'preact/hooks'

export interface Store<T> {
  get(): T
  set(value: T): void
  update(change: (value: T) => T): void
  subscribe(look: () => void): () => void
}

export function createStore<T>(first: T): Store<T> {
  let value = first
  const looking = new Set<() => void>()
  const set = (next: T): void => {
    if (Object.is(next, value)) return
    value = next
    for (const look of looking) look()
  }
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(look) {
      looking.add(look)
      return () => void looking.delete(look)
    },
  }
}

export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get)
  useEffect(() => {
    const look = (): void => setValue(store.get)
    look()
    return store.subscribe(look)
  }, [store])
  return value
}
