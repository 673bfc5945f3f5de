/** What one resident does at a time, and what the account says of it. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Call, openPhone, PhoneError, type PhoneSettings } from '../phone/index.ts'
import type { Account, Deed, Outcome } from './account.ts'
import { breakTls, type TlsDoor } from './hostile.ts'
import { presenceDocument, type Resident, versionIn, type Watched } from './resident.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/**
 * 64*T1 (RFC 3261 §17) twice, of a request and of the same one that answers the challenge, and what a busy machine
 * needs: nothing may take longer.
 */
export const timerMs = 70_000

/** What deeds need of the run. */
export interface Stage {
  readonly account: Account
  readonly residents: readonly Resident[]
  /** TLS listeners that phones dial. */
  readonly doors: readonly TlsDoor[]
  /** Resolves when no fault is on and both are signed in. */
  calm(some: readonly Resident[]): Promise<void>
  /** No fault is on and it is signed in: what a server sends it goes to the flow that it has. */
  reaches(resident: Resident): boolean
  /** Settings of a second phone of that user. */
  settingsOf(resident: Resident): PhoneSettings
  /** A number of this run, for texts. */
  serial(): number
}

const shares: readonly (readonly [Deed, number])[] = [
  ['message', 34],
  ['call', 20],
  ['refresh', 14],
  ['publish', 8],
  ['watch-refresh', 7],
  ['watch', 5],
  ['reconnect', 4],
  ['sign-in', 3],
  ['wrong-password', 3],
  ['broken-tls', 2],
]
const allShares = shares.reduce((sum, [, share]) => sum + share, 0)

export function chooseDeed({ random }: Resident): Deed {
  let at = random.below(allShares)
  for (const [deed, share] of shares) {
    if (at < share) return deed
    at -= share
  }
  return 'message'
}

export async function act(stage: Stage, resident: Resident, deed: Deed): Promise<void> {
  switch (deed) {
    case 'message':
      return write(stage, resident)
    case 'call':
      return call(stage, resident)
    case 'refresh':
      return refresh(stage, resident)
    case 'reconnect':
      return reconnect(stage, resident)
    case 'sign-in':
      return signOutAndIn(stage, resident)
    case 'publish':
      return publish(stage, resident)
    case 'watch':
      return watch(stage, resident)
    case 'watch-refresh':
      return refreshWatch(stage, resident)
    case 'wrong-password':
      return wrongPassword(stage, resident)
    case 'broken-tls':
      return breakIn(stage, resident)
    default:
      return deed satisfies never
  }
}

/** Hanging: neither answer nor error in time. */
async function ask(account: Account, deed: Deed, what: string, work: Promise<unknown>): Promise<Outcome> {
  account.ask(deed)
  const late = new AbortController()
  const outcome: Outcome = await Promise.race([
    work.then(
      () => 'acknowledged' as const,
      (error: unknown) => {
        if (!(error instanceof PhoneError)) throw error
        account.refuse(deed, String(error.status ?? error.verdict?.code ?? error.code))
        return 'refused' as const
      },
    ),
    delay(timerMs, 'hanging' as const, { signal: late.signal, ref: false }),
  ]).finally(() => late.abort())
  account.answer(deed, outcome, what)
  return outcome
}

function anotherThan({ residents }: Stage, resident: Resident): Resident {
  const at = residents.indexOf(resident)
  return residents[(at + 1 + resident.random.below(residents.length - 1)) % residents.length] ?? resident
}

async function write(stage: Stage, resident: Resident): Promise<void> {
  const { account } = stage
  const to = anotherThan(stage, resident)
  const text = `text ${stage.serial()} from ${resident.phone.uri} to ${to.phone.uri}`
  account.send(text)
  const outcome = await ask(account, 'message', text, resident.phone.message(to.phone.uri, text))
  account.answered(text, outcome === 'acknowledged')
}

/** INVITE, up to two seconds, BYE by either end. */
async function call(stage: Stage, resident: Resident): Promise<void> {
  const { account } = stage
  const { random } = resident
  const to = anotherThan(stage, resident)
  const near = resident.phone.call(to.phone.uri)
  const holdMs = 100 + random.below(1900)
  const byCaller = random.next() < 0.5
  const what = `the call ${near.id} from ${resident.phone.uri} to ${to.phone.uri}`
  if ((await ask(account, 'call', what, near.established)) !== 'acknowledged') return
  await delay(holdMs)
  const far = to.phone.calls.find(({ id }) => id === near.id)
  const [first, second] = byCaller || far === undefined ? [near, far] : [far, near]
  await hangUp(stage, [resident, to], { what, first, second })
}

interface Ending {
  readonly what: string
  readonly first: Call
  readonly second: Call | undefined
}

/**
 * A BYE that meets a fault fails, and sip.js has ended its dialog with it: then the other end hangs up, as its user
 * would on hearing nothing. Only when that fails too, with no fault on, the call is lost.
 */
async function hangUp(stage: Stage, both: readonly Resident[], { what, first, second }: Ending): Promise<void> {
  if ((await failureOf(first.hangUp())) === undefined) return
  await stage.calm(both)
  if (second === undefined || second.state === 'ended') return
  const moves = both.map((one) => one.moves)
  const failure = await failureOf(second.hangUp())
  // 481: that phone had ended the call already.
  if (failure === undefined || failure.status === 481) return
  // Its own connection was lost meanwhile: no server was put to the test, and both phones have ended the call.
  if (failure.verdict !== undefined) return stage.account.refuse('call', `BYE ${failure.verdict.code}`)
  // One of them left the flow that the BYE was on its way to.
  if (both.some((one, at) => one.moves !== moves[at])) return stage.account.refuse('call', 'BYE to one who moves')
  stage.account.lose('call', `${what}: neither end could hang up; ${failure.message}`)
}

async function failureOf(work: Promise<unknown>): Promise<PhoneError | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof PhoneError) return error
    throw error
  }
}

async function moving(resident: Resident, work: () => Promise<void>): Promise<void> {
  resident.moving = true
  resident.moves += 1
  try {
    await work()
  } finally {
    resident.moving = false
  }
}

async function refresh({ account }: Stage, resident: Resident): Promise<void> {
  await moving(resident, async () => {
    await ask(account, 'refresh', `REGISTER ${resident.phone.uri}`, resident.phone.signIn())
  })
}

/** The flow breaks, the phone signs in on a new one and renews what it watches. */
async function reconnect(stage: Stage, resident: Resident): Promise<void> {
  const { account } = stage
  await moving(resident, async () => {
    for (const watched of resident.watched.values()) watched.excused = true
    resident.phone.breakFlow()
    await ask(account, 'reconnect', `REGISTER ${resident.phone.uri}`, resident.phone.signIn())
  })
  for (const watched of [...resident.watched.values()]) await renew(stage, resident, watched)
}

/** Signed out there is nowhere to send a NOTIFY to. */
async function signOutAndIn(stage: Stage, resident: Resident): Promise<void> {
  const { account } = stage
  await moving(resident, async () => {
    for (const watched of resident.watched.values()) watched.excused = true
    await failureOf(resident.phone.signOut())
    await ask(account, 'sign-in', `REGISTER ${resident.phone.uri}`, resident.phone.signIn())
  })
  for (const watched of [...resident.watched.values()]) await renew(stage, resident, watched)
}

async function publish({ account }: Stage, resident: Resident): Promise<void> {
  const { phone } = resident
  const version = ++resident.version
  const work = phone.publish(presenceDocument(phone.uri, version), resident.etag)
  const noted = work.then(
    (answer) => {
      resident.etag = answer.header('SIP-ETag')
    },
    (error: unknown) => {
      // Whether it was taken is not known, or it has run out (412): the next one begins anew (RFC 3903 §6).
      resident.etag = undefined
      throw error
    },
  )
  if ((await ask(account, 'publish', `PUBLISH ${phone.uri}`, noted)) === 'acknowledged')
    account.publish(phone.uri, version, performance.now())
}

/** Subscriptions one resident keeps. */
const mostWatched = 3

async function watch(stage: Stage, resident: Resident): Promise<void> {
  const of = anotherThan(stage, resident).phone.uri
  const [oldest] = resident.watched.keys()
  if (resident.watched.has(of)) return refreshWatch(stage, resident)
  if (oldest !== undefined && resident.watched.size >= mostWatched) {
    resident.watched.get(oldest)?.watch.end()
    resident.watched.delete(oldest)
  }
  await subscribe(stage, resident, of)
}

async function subscribe(stage: Stage, resident: Resident, of: string): Promise<void> {
  const { account } = stage
  const { phone, watched } = resident
  const reached = stage.reaches(resident)
  let seen = 0
  let kept: Watched | undefined
  const work = phone.watch(of, (document) => {
    seen = Math.max(seen, versionIn(document))
    if (kept !== undefined) kept.seen = seen
  })
  if ((await ask(account, 'watch', `SUBSCRIBE ${of} of ${phone.uri}`, work)) !== 'acknowledged') return
  kept = { of, watch: await work, seen, excused: !reached, acceptedAt: performance.now() }
  watched.set(of, kept)
}

async function refreshWatch(stage: Stage, resident: Resident): Promise<void> {
  const all = [...resident.watched.values()]
  if (all.length > 0) await renew(stage, resident, resident.random.pick(all))
}

/** A subscription whose server does not know it any more was lost; one that the phone gave up is made anew. */
export async function renew(stage: Stage, resident: Resident, watched: Watched): Promise<void> {
  const { account } = stage
  const what = `SUBSCRIBE ${watched.of} of ${resident.phone.uri}`
  if (!watched.watch.active) {
    resident.watched.delete(watched.of)
    return subscribe(stage, resident, watched.of)
  }
  // A NOTIFY goes where its watcher is registered: who refreshes before it is signed in again may miss this one too.
  const reached = stage.reaches(resident)
  const work = watched.watch.refresh()
  const outcome = await ask(account, 'watch-refresh', what, work)
  if (outcome === 'acknowledged') {
    watched.excused = !reached
    watched.acceptedAt = performance.now()
    return
  }
  const status = (await failureOf(work))?.status
  watched.excused = true
  if (status === 481) account.lose('subscription', `${what} was accepted, and its refresh was answered 481`)
  if (status !== 481) return
  watched.watch.end()
  resident.watched.delete(watched.of)
  await subscribe(stage, resident, watched.of)
}

/** A second phone of the same user, with another password. */
async function wrongPassword(stage: Stage, resident: Resident): Promise<void> {
  const { account } = stage
  const phone = openPhone({ ...stage.settingsOf(resident), password: 'not-the-password', reconnect: false })
  try {
    const outcome = await ask(account, 'wrong-password', `REGISTER ${phone.uri}`, phone.signIn())
    if (outcome === 'acknowledged') account.lose('break-in', `${phone.uri} signed in with a wrong password`)
  } finally {
    await phone.close()
  }
}

async function breakIn({ account, doors }: Stage, { random }: Resident): Promise<void> {
  account.ask('broken-tls')
  const door = random.pick(doors)
  const result = await breakTls(door, random)
  if (result === 'ended') return account.answer('broken-tls', 'refused', 'broken TLS')
  account.answer('broken-tls', 'acknowledged', 'broken TLS')
  account.lose('break-in', `${endpointText(door.address, door.port)} ${result} a client without TLS`)
}
