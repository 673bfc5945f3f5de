/** Where the page is: `#/events?node=fe1`. */
import { createStore } from './store.ts'

export interface Place {
  /** `events`. */
  readonly view: string
  readonly query: Readonly<Record<string, string>>
}

export const place = createStore(read())

addEventListener('hashchange', () => place.set(read()))

export function addressOf(view: string, query: Place['query'] = {}): string {
  const text = new URLSearchParams(query).toString()
  return text === '' ? `#/${view}` : `#/${view}?${text}`
}

export function go(view: string, query: Place['query'] = {}): void {
  location.hash = addressOf(view, query)
}

function read(): Place {
  const [view = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2)
  return { view: view === '' ? 'map' : view, query: Object.fromEntries(new URLSearchParams(query)) }
}
