/** The load generator, a process of its own: `node generator.ts JOB` does one job and prints one JSON document. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Callees, type Caller, CallLoad } from './calls.ts'
import type { LoadJob, LoadResult, Place } from './job.ts'
import { isOfRegister, RegisterLoad } from './registrations.ts'
import { openWire, type Wire, type WireSettings } from './socket.ts'
import { statusOf } from './wire.ts'

const job = JSON.parse(process.argv[2] ?? '{}') as LoadJob
const run = randomBytes(4).toString('hex')
const read = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, 'utf8')
const tls =
  job.transport === 'tls'
    ? {
        certificate: read(job.tls.certificateFile),
        key: read(job.tls.keyFile),
        ca: readFileSync(job.tls.caFile, 'utf8'),
      }
    : undefined
const nothing = { setupMs: { p50: 0, p99: 0 }, failed: 0, turnedAway: 0, generatorLoad: 0, firstFailure: undefined }
let closing = false

function open(onMessage: WireSettings['onMessage'], { host, port, verifyName }: Place = job.callers): Promise<Wire> {
  return openWire({
    transport: job.transport,
    host,
    port,
    from: '127.0.0.1',
    tls: tls === undefined ? undefined : { ...tls, verifyName },
    onMessage,
    onClosed(error) {
      if (closing) return
      console.error(`generator: a connection was closed${error === undefined ? '' : `: ${error.message}`}`)
      process.exit(1)
    },
  })
}

function registrarOf({ domain }: Place, ofRun = run): RegisterLoad {
  return new RegisterLoad({ domain, transport: job.transport, run: ofRun, asksWho: job.knownUsers })
}

/** Everything is set up: says `held`, and goes on when a line comes. What follows is what is measured. */
async function held(): Promise<void> {
  process.stdout.write('held\n')
  await new Promise((resolve) => process.stdin.once('data', resolve))
}

async function calls(): Promise<LoadResult> {
  const registrar = registrarOf(job.callees)
  const wires: Wire[] = []
  const phones = new Callees(job.transport)
  for (let i = 0; i < job.wires; i++) {
    wires.push(
      await open(
        (message, from) => (statusOf(message) === 0 ? phones.answer(message, from) : registrar.onMessage(message)),
        job.callees,
      ),
    )
  }
  const callees = Array.from({ length: job.users }, (_, i) => (job.knownUsers ? `callee${i}` : `callee${i}-${run}`))
  await registrar.run(spread(callees, wires), 1, 64)
  const callers: Caller[] = []
  const own = registrarOf(job.callers)
  let load: CallLoad | undefined
  for (let i = 0; i < job.wires; i++) {
    const wire = await open((message) => (isOfRegister(message) ? own.onMessage(message) : load?.onCaller(message)))
    callers.push({ wire, user: job.callersSignIn ? `caller${i}` : 'caller' })
  }
  if (job.callersSignIn)
    await own.run(
      callers.map(({ user, wire }) => [user, wire] as const),
      1,
      64,
    )
  await held()
  load = new CallLoad(
    {
      domain: job.callees.domain,
      from: job.callers.domain,
      transport: job.transport,
      count: job.count,
      rate: job.rate,
      window: job.window,
      patienceMs: 32_000,
      overload: job.overload,
    },
    run,
    callers,
    callees,
  )
  return load.run()
}

/** @param by connections further than the user's first one */
function spread(users: readonly string[], wires: readonly Wire[], by = 0): readonly (readonly [string, Wire])[] {
  return users.flatMap((user, i) => {
    const at = (i + by) % wires.length
    return wires.slice(at, at + 1).map((wire) => [user, wire] as const)
  })
}

/** Many users over few connections, so that what is measured is the registrations. */
async function users(): Promise<LoadResult> {
  const registrar = registrarOf(job.callers)
  const wires: Wire[] = []
  for (let i = 0; i < job.wires; i++) wires.push(await open((message) => registrar.onMessage(message)))
  await registrar.run(
    spread(
      Array.from({ length: job.count }, (_, i) => `user${i}-${run}`),
      wires,
    ),
    1,
    job.window,
  )
  await new Promise((resolve) => setTimeout(resolve, 2000))
  await held()
  return { ...nothing, completed: job.count, seconds: 0 }
}

async function registrations(): Promise<LoadResult> {
  const registrar = registrarOf(job.callers)
  const wires: Wire[] = []
  for (let i = 0; i < job.wires; i++) wires.push(await open((message) => registrar.onMessage(message)))
  // Users of its own: to Kamailio the Contacts of an earlier run are further ones of the same user.
  const names = Array.from({ length: 1000 }, (_, i) => `user${i}-${run}`)
  const pairs = Array.from({ length: job.contacts }, (_, i) => spread(names, wires, i)).flat()
  await registrar.run(pairs, 1, job.window)
  await held()
  const started = performance.now()
  for (let round = 0; round < job.count / pairs.length; round++) await registrar.run(pairs, round + 2, job.window)
  return { ...nothing, completed: job.count, seconds: (performance.now() - started) / 1000 }
}

/** A new connection for each REGISTER, closed after its answer. */
async function connections(): Promise<LoadResult> {
  await held()
  const started = performance.now()
  let next = 0
  closing = true
  const worker = async (): Promise<void> => {
    while (next < job.count) {
      const number = next++
      const registrar = registrarOf(job.callers, `${run}${number}`)
      const wire = await open((message) => registrar.onMessage(message))
      await registrar.run([[`user${number % 1000}`, wire]], 1, 1)
      wire.close()
    }
  }
  await Promise.all(Array.from({ length: job.window }, worker))
  return { ...nothing, completed: job.count, seconds: (performance.now() - started) / 1000 }
}

/** Opens and registers, says `held`, and lets go when a line comes. */
async function idle(): Promise<LoadResult> {
  const wires: Wire[] = []
  for (let i = 0; i < job.count; i++) {
    const registrar = registrarOf(job.callers, `${run}${i}`)
    const wire = await open((message) => registrar.onMessage(message))
    await registrar.run([[`idle${i}`, wire]], 1, 1)
    wires.push(wire)
  }
  await new Promise((resolve) => setTimeout(resolve, 2000))
  await held()
  closing = true
  for (const wire of wires) wire.close()
  return { ...nothing, completed: job.count, seconds: 0 }
}

const result = await { calls, registrations, connections, idle, users }[job.kind]()
closing = true
process.stdout.write(JSON.stringify(result))
process.exit(0)
