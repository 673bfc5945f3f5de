/** Phones of a lab `edge`: remote users come through the edge, the others to their front end. */
import { readFileSync } from 'node:fs'
import type { ReadyDocument } from '../src/lab/ready-document.ts'
import { openPhone, type Phone } from '../src/phone/index.ts'
import { systemClock } from '../src/sip/clock.ts'
import { createResolver } from '../src/sip/transport/dial/resolver.ts'

export interface Account {
  readonly login: string
  readonly password: string
  readonly remote: boolean
}

/** 64*T1 (RFC 3261 §17) and what a busy machine needs; a call that rings, a sign-in and a message end long before. */
const patienceMs = 34_000

export function phoneOf(ready: ReadyDocument, { login, password, remote }: Account, autoAnswer: boolean): Phone {
  const server = ready.nodes.find(({ role }) => role === (remote ? 'access-proxy' : 'front-end'))
  const face = remote ? 'external' : 'internal'
  const listener = server?.listeners.find(
    (each) => each.transport === 'tls' && each.mutual !== 'required' && each.face === face,
  )
  const root = remote ? ready.trust.public : ready.trust.internal
  if (listener === undefined || root === undefined) throw new Error(`there is no TLS listener for ${login}`)
  const { address, port } = ready.dns.internal
  return openPhone({
    user: login,
    password,
    domain: ready.domain,
    autoAnswer,
    answerMs: patienceMs,
    ringMs: patienceMs,
    target: {
      host: remote ? `sip.${ready.domain}` : `pool.${ready.domain}`,
      address: listener.address,
      port: listener.port,
      transport: 'tls',
    },
    ca: [readFileSync(root, 'utf8')],
    resolver: createResolver({ clock: systemClock, servers: [`${address}:${port}`] }),
  })
}

/** A phone of its own: a new connection, a challenge and its answer. Calls that fork to it are not for it. */
export async function signInAnew(ready: ReadyDocument, account: Account): Promise<void> {
  const phone = phoneOf(ready, account, false)
  try {
    await phone.signIn()
    await phone.signOut()
  } finally {
    await phone.close()
  }
}

/** INVITE, a quarter of a second, BYE. */
export async function callOnce(from: Phone, to: Phone): Promise<void> {
  const call = from.call(to.uri)
  await call.established
  await new Promise((resolve) => setTimeout(resolve, 250))
  await call.hangUp()
}
