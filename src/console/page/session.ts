/** What this console is, asked once. */
import { ask } from './api.ts'
import type { Session } from './documents.ts'
import { createStore } from './store.ts'

export const session = createStore<Session | undefined>(undefined)

ask<Session>({ method: 'GET', path: '/api/session', quiet: true }).then(session.set, () => undefined)
