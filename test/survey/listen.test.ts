import { connect as connectTcp, createServer } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import t, { type Test } from 'tap'
import {
  openGround,
  openListener,
  planTrials,
  goodPresenter,
  surveyByListening,
  type Place,
} from '../../src/survey/index.ts'
import { surveyClock } from '../../src/cli/survey-setup.ts'
import { runInProcess } from '../support/cli.ts'
import { ownFolder } from '../support/own-folder.ts'

const ground = openGround(ownFolder(t), Date.now())
const name = 'pbx.survey.test'
const plan = { ground, side: 'server', name, crls: false } as const
const root = ground.root.toString()

const register =
  'REGISTER sip:survey.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKa\r\nMax-Forwards: 70\r\n' +
  'From: <sip:a@survey.test>;tag=1\r\nTo: <sip:a@survey.test>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n' +
  'Contact: <sip:a@127.0.0.1:5061>\r\nUser-Agent: test phone\r\nContent-Length: 0\r\n\r\n'

/** Signs in; resolves with the first line of the answer, or what went wrong. */
function signIn(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: name, ca: root, ...options }, () =>
      socket.write(register),
    )
    socket.once('data', (chunk: Buffer) => {
      resolve(chunk.toString('latin1').split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.once('error', (error) => resolve(error.message))
    socket.once('close', () => resolve('closed'))
  })
}

async function surveyed(t: Test, only: readonly string[], dial: (places: readonly Place[]) => Promise<void>) {
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const places = Promise.withResolvers<readonly Place[]>()
  const result = surveyByListening({
    address: '127.0.0.1',
    port: 0,
    perPort: true,
    domain: name,
    planned: (each) => planTrials({ ...plan, name: each, only }),
    good: (each, now) => goodPresenter({ ground, name: each }, now),
    rootPem: root,
    bounds: { connections: 50, seconds: 200, paceMs: 50 },
    patienceMs: 30_000,
    clock: surveyClock(),
    signal: stop.signal,
    open: openListener,
    siplab: 'siplab test',
    onReady: places.resolve,
  })
  await dial(await places.promise)
  return result
}

t.test('a sign-in is the proof of acceptance, an alert that of a refusal', async (t) => {
  const survey = await surveyed(t, ['expired', 'wildcard'], async (places) => {
    for (const { port } of places) await signIn(port, {})
  })
  t.match(survey, { target: '127.0.0.1', product: 'test phone' })
  t.match(
    survey.trials.find(({ fault }) => fault === 'expired'),
    { outcome: { kind: 'refused' } },
  )
  t.equal(survey.controls[0]?.outcome.kind, 'accepted')
})

t.test('a client that verifies nothing is seen to accept an expired certificate', async (t) => {
  const survey = await surveyed(t, ['expired'], async (places) => {
    for (const { port } of places) t.equal(await signIn(port, { rejectUnauthorized: false }), 'SIP/2.0 200 OK')
  })
  t.match(survey.trials, [{ fault: 'expired', severity: 'critical', outcome: { kind: 'accepted', proof: 'sip' } }])
})

/** Opens a connection, says something or nothing, and hangs up. */
function stray(port: number, octets: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: '127.0.0.1', port }, () => socket.end(octets))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve())
    socket.resume()
  })
}

t.test('who was shown no certificate has refused none: port scans and health checks end no survey', async (t) => {
  const survey = await surveyed(t, ['expired'], async (places) => {
    for (const { port } of places) await stray(port, '')
    for (const { port } of places) await stray(port, 'GET / HTTP/1.1\r\n\r\n')
    for (const { port } of places) await signIn(port, { servername: '', checkServerIdentity: () => undefined })
  })
  t.equal(survey.stopped, undefined)
  t.equal(survey.controls.filter(({ outcome }) => outcome.kind === 'refused').length, 0)
  t.match(survey.trials, [{ fault: 'expired', outcome: { kind: 'refused' } }])
})

t.test('the SNI selects the fault in any case (RFC 6066 §3, RFC 4343)', async (t) => {
  const shown = goodPresenter({ ground, name }, Date.now())
  const listener = await openListener({
    address: '127.0.0.1',
    port: 0,
    rootPem: root,
    versions: ['1.2', '1.3'],
    patienceMs: 30_000,
    choose: (asked) => (asked === name ? { slug: 'good', presenter: shown } : undefined),
    onVisit: () => undefined,
  })
  t.teardown(() => listener.close())
  t.equal(await signIn(listener.port, { servername: name.toUpperCase() }), 'SIP/2.0 200 OK')
})

t.test('a place where no one can listen is wrong usage', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : ''
  for (const [args, message] of [
    [['--port', port], /127\.0\.0\.1:\d+ cannot be opened \(EADDRINUSE\)/],
    [['--listen', '999.1.1.1'], /--listen: wanted an IP address, found "999\.1\.1\.1"/],
    [['--ports', '65500'], /--ports: wanted a whole number from 0 to 65000/],
    [['--port', '5061.5'], /--port: wanted a whole number/],
  ] as const) {
    const run = await runInProcess(['survey', 'listen', '--root', ground.folder, '--seconds', '1', ...args])
    t.match(run, { status: 2, err: message })
  }
})

t.test('a listener that closes while a client shakes hands ends that connection and nothing else', async (t) => {
  const shown = goodPresenter({ ground, name }, Date.now())
  for (let at = 0; at < 20; at++) {
    const listener = await openListener({
      address: '127.0.0.1',
      port: 0,
      rootPem: root,
      versions: ['1.2', '1.3'],
      patienceMs: 500,
      choose: () => ({ slug: 'good', presenter: shown }),
      onVisit: () => undefined,
    })
    const told = signIn(listener.port, {})
    await new Promise((resolve) => setTimeout(resolve, at % 5))
    await listener.close()
    t.type(await told, 'string')
  }
})
