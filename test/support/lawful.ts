/** What real phones do all day, as one programme: sign in, call, write, transfer, and go on when a server dies. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { PhoneError, type Phone } from '../../src/phone/index.ts'
import type { DebianPhone } from './debian-phones.ts'
import { guardMs } from './guard.ts'
import { until } from './until.ts'

/** A phone of the distribution and its address-of-record. */
interface Party {
  readonly phone: DebianPhone
  readonly uri: string
}

export interface Parties {
  readonly one: Party
  readonly other: Party
  /** sip.js; answers nothing by itself. */
  readonly third: Phone
}

/** Everybody calls everybody. */
export async function callRound(t: Test, { one, other, third }: Parties): Promise<void> {
  for (const [caller, callee] of [
    [one, other],
    [other, one],
  ] as const) {
    await caller.phone.call(callee.uri)
    await callee.phone.connected()
    await hangUp(caller, callee)
    t.pass(`${caller.phone.name} calls ${callee.phone.name}`)
    await caller.phone.call(third.uri)
    const call = await third.nextCall()
    await call.established
    await caller.phone.hangUp()
    await Promise.all([call.ended, caller.phone.ended()])
    t.pass(`${caller.phone.name} calls sip.js`)
  }
}

/** Each writes to the peer of its account; sip.js writes to both. */
export async function writeRound(t: Test, { one, other, third }: Parties, word: string): Promise<void> {
  await one.phone.write(`${word}-one`)
  await other.phone.heard(`${word}-one`)
  await other.phone.write(`${word}-other`)
  await one.phone.heard(`${word}-other`)
  for (const { phone, uri } of [one, other]) {
    t.match(await third.message(uri, `${word}-third`), { status: 200 }, `sip.js writes to ${phone.name}`)
    await phone.heard(`${word}-third`)
  }
}

/** REFER by each kind of client; who is referred calls the third. */
export async function transferRound(t: Test, { one, other, third }: Parties): Promise<void> {
  for (const [caller, callee] of [
    [one, other],
    [other, one],
  ] as const) {
    await caller.phone.call(callee.uri)
    await callee.phone.connected()
    await caller.phone.transfer(third.uri)
    const call = await third.nextCall(undefined, guardMs / 4)
    t.equal(call.peer, callee.uri, `${callee.phone.name}, referred by ${caller.phone.name}, calls sip.js`)
    await call.established
    await call.hangUp()
    await Promise.all([caller.phone.ended(), callee.phone.ended()])
  }
  // To Linphone a call without media holds the sound card: it accepts the REFER and cannot follow.
  if (!other.phone.followsSilent) return
  const own = third.call(other.uri)
  await Promise.all([own.established, other.phone.connected()])
  t.match(await own.transfer(one.uri), { status: 202 }, `sip.js refers ${other.phone.name}`)
  await Promise.all([one.phone.connected(), other.phone.connected()])
  await own.hangUp()
  await hangUp(other, one)
}

/** A call that is up when a server is killed ends with BYE once that server is back, and everybody goes on. */
export async function surviveRound(t: Test, all: Parties, victim: string, restart: () => Promise<void>): Promise<void> {
  const { one, other, third } = all
  await one.phone.call(other.uri)
  await other.phone.connected()
  await restart()
  await until(() => third.signedIn)
  for (const { phone, uri } of [one, other]) await reached(third, uri, phone, `back-after-${victim}`)
  await hangUp(one, other)
  t.pass('the call lasts beyond the server, and its BYE arrives')
  await writeRound(t, all, `after-${victim}`)
  await callRound(t, all)
}

/** A phone whose connection broke signs in again in its own time; until then it is not there. */
async function reached(third: Phone, uri: string, phone: DebianPhone, word: string): Promise<void> {
  const absent = new Set([404, 408, 430, 480, 500, 503, 504])
  const end = performance.now() + guardMs
  for (;;) {
    const error = await third.message(uri, word).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error === undefined) return phone.heard(word)
    if (!(error instanceof PhoneError) || !absent.has(error.status ?? 503) || performance.now() > end) throw error
    await delay(500)
  }
}

async function hangUp(caller: Party, callee: Party): Promise<void> {
  await caller.phone.hangUp()
  await Promise.all([caller.phone.ended(), callee.phone.ended()])
}
