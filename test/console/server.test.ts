import { connect } from 'node:net'
import t from 'tap'
import { operations } from '../../src/console/operations.ts'
import { posting, testConsole } from '../support/console.ts'

t.test('the printed address opens the page once', async (t) => {
  const { console } = await testConsole(t)
  const address = console.newAddress()
  const [first, second] = [await fetch(address, { redirect: 'manual' }), await fetch(address, { redirect: 'manual' })]
  t.match([first.status, first.headers.get('location'), second.status], [303, '/', 403])
})

t.test('every path is closed without a session', async (t) => {
  const { origin } = await testConsole(t)
  const paths = [
    '/',
    '/api/session',
    '/api/stream',
    '/api/openapi.json',
    '/nothing',
    ...operations.map(({ path }) => path),
  ]
  const statuses = await Promise.all(paths.map(async (path) => (await fetch(`${origin}${path}`)).status))
  t.same([...new Set(statuses)], [401])
})

t.test('a page of another site changes nothing, even with the cookie', async (t) => {
  const { ask, ran } = await testConsole(t)
  const { status } = await ask('/api/heal', {
    ...posting({ target: 'all' }),
    headers: { 'content-type': 'application/json', origin: 'http://evil.example' },
  })
  t.match([status, ran], [403, []])
})

t.test('a stream is not for a page of another site', async (t) => {
  const { ask } = await testConsole(t)
  t.equal((await ask('/api/stream', { headers: { origin: 'http://evil.example' } })).status, 403)
})

t.test('a name that leads to loopback is not enough', async (t) => {
  const { console } = await testConsole(t)
  const answer = await raw(console.port, `GET / HTTP/1.1\r\nHost: evil.example:${console.port}\r\n\r\n`)
  t.match(answer, /^HTTP\/1\.1 421 /)
})

t.test('the page loads nothing from elsewhere, runs no inline script and stands in no frame', async (t) => {
  const { ask } = await testConsole(t)
  const policy = (await ask('/')).headers.get('content-security-policy') ?? ''
  t.match(policy, "default-src 'none'")
  t.match(policy, "frame-ancestors 'none'")
  t.notMatch(policy, /unsafe-inline|unsafe-eval|\*/)
})

t.test('refusals carry the same headers as the page', async (t) => {
  const { origin } = await testConsole(t)
  const { headers } = await fetch(`${origin}/`)
  t.match(
    [headers.get('x-frame-options'), headers.get('x-content-type-options'), headers.get('content-security-policy')],
    ['DENY', 'nosniff', /default-src 'none'/],
  )
})

t.test('a command line is made of the fields', async (t) => {
  const { ask, ran } = await testConsole(t)
  await ask('/api/break', posting({ target: 'director->fe1', fault: 'refused', amount: 5 }))
  t.same(ran, [['break', 'director->fe1', 'refused', '--amount', '5', '--json', '--data', '/lab']])
})

t.test('the answer names its command, to be typed into a shell', async (t) => {
  const { ask } = await testConsole(t)
  const { headers } = await ask('/api/heal', posting({ target: 'director->fe1' }))
  t.equal(decodeURIComponent(headers.get('siplab-command') ?? ''), "siplab heal 'director->fe1' --json --data /lab")
})

t.test('hostile fields reach no command', async (t) => {
  const { ask, ran } = await testConsole(t)
  const attempts = [
    ['/api/break', { target: '--data', fault: 'expired' }],
    ['/api/break', { target: 'director', fault: '--help' }],
    ['/api/break', { target: 'director;reboot', fault: 'expired' }],
    ['/api/break', { target: 'director', fault: 'expired', data: '/etc' }],
    ['/api/heal', { target: 'a'.repeat(200) }],
    ['/api/heal', { target: ['all'] }],
    ['/api/check', { target: '-o/etc/passwd' }],
    ['/api/check', { target: 'lab.test\u001b[2J' }],
    ['/api/nodes/..%2F..%2Fetc/mtls', { on: true }],
    ['/api/nodes/fe1/assign', { reference: 'listener', certificate: '../../key' }],
    ['/api/nodes/fe1/clock', { shift: '+31d --data /' }],
    ['/api/scenarios/..%2Fsecret.yaml/run', {}],
  ] as const
  const statuses = await Promise.all(attempts.map(async ([path, body]) => (await ask(path, posting(body))).status))
  t.same([statuses.filter((status) => status !== 400 && status !== 404), ran], [[], []])
})

t.test('what lies beside the page is not served', async (t) => {
  const { console, ask } = await testConsole(t)
  const cookie = (await fetch(console.newAddress(), { redirect: 'manual' })).headers.get('set-cookie')?.split(';')[0]
  const paths = ['/../package.json', '/..%2fpackage.json', '/assets/../../package.json', '//etc/passwd', '/%00']
  const answers = await Promise.all(
    paths.map((path) =>
      raw(console.port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${console.port}\r\nCookie: ${cookie}\r\n\r\n`),
    ),
  )
  t.same([...new Set(answers.map((answer) => answer.slice(9, 12)))], ['404'])
  t.equal((await ask('/')).status, 200)
})

t.test('a hostile subject stays text in the answer', async (t) => {
  const subject = 'CN=<script>alert(1)</script>\u2028"'
  const { ask } = await testConsole(t, { answer: () => ({ out: Buffer.from(JSON.stringify([{ subject }])) }) })
  const response = await ask('/api/certificates')
  t.match([response.headers.get('content-type'), await response.json()], [/^application\/json/, [{ subject }]])
})

t.test('a console that only looks runs nothing that changes', async (t) => {
  const { ask, ran } = await testConsole(t, { readOnly: true })
  const changing = operations.filter(({ changes }) => changes)
  const statuses = await Promise.all(
    changing.map(async ({ path }) => (await ask(path.replace(/\{\w+\}/g, 'fe1'), posting({}))).status),
  )
  t.match([[...new Set(statuses)], ran], [[403], []])
})

t.test('a console that only looks still explains what is dropped on it', async (t) => {
  const { ask, inputs } = await testConsole(t, { readOnly: true })
  await ask('/api/explain', {
    method: 'POST',
    body: 'unknown ca',
    headers: { 'content-type': 'application/octet-stream' },
  })
  t.same(inputs, ['unknown ca'])
})

t.test('a body above its bound is refused before a command sees it', async (t) => {
  const { ask, ran } = await testConsole(t)
  t.match([(await ask('/api/heal', posting({ target: 'a'.repeat(100_000) }))).status, ran], [413, []])
})

t.test('what a command refuses is no answer', async (t) => {
  const out = Buffer.from('{"error":{"code":"lab.down","message":"the lab is down"}}')
  const { ask } = await testConsole(t, { answer: () => ({ status: 1, out }) })
  const response = await ask('/api/heal', posting({ target: 'all' }))
  t.match([response.status, await response.json()], [409, { error: { code: 'lab.down' } }])
})

t.test('a check that failed is an answer', async (t) => {
  const { ask } = await testConsole(t, { answer: () => ({ status: 1, out: Buffer.from('{"ok":false}') }) })
  const response = await ask('/api/check', posting({ target: 'lab.test' }))
  t.match([response.status, response.headers.get('siplab-status')], [200, '1'])
})

t.test('of a thousand streams 32 are open, and all that is followed ends with them', async (t) => {
  const { ask, following } = await testConsole(t)
  const gone = new AbortController()
  const responses = await Promise.all(
    Array.from({ length: 1000 }, () => ask('/api/stream?trace=1', { signal: gone.signal })),
  )
  const counts = Map.groupBy(responses, ({ status }) => status)
  t.match([counts.get(200)?.length, counts.get(503)?.length], [32, 968])
  // The events, and the messages of two nodes, once for all pages.
  t.equal(following(), 3)
  gone.abort()
  await until(() => following() === 0)
})

t.test('the API describes itself: each operation with its fields', async (t) => {
  const { ask } = await testConsole(t)
  const { paths } = (await (await ask('/api/openapi.json')).json()) as { readonly paths: Record<string, object> }
  t.match(
    Object.keys(paths),
    operations.map(({ path }) => path),
  )
  t.match(paths['/api/break'], {
    post: { requestBody: { content: { 'application/json': { schema: { required: ['target', 'fault'] } } } } },
  })
})

t.test('the check of a WebSocket dials the address under the name', async (t) => {
  const { ask, ran } = await testConsole(t)
  await ask('/api/check', posting({ target: 'sip.lab.test:8443', transport: 'wss', address: '127.0.41.32' }))
  t.strictSame(ran.at(-1)?.slice(0, 6), [
    'check',
    'sip.lab.test:8443',
    '--transport',
    'wss',
    '--address',
    '127.0.41.32',
  ])
  t.equal((await ask('/api/check', posting({ target: 'sip.lab.test', address: '--as' }))).status, 400)
})

t.test('the root of a server is the file that the lab names, and no path from the page', async (t) => {
  const lab = { choose: [], plan: [], roots: { 'sip.lab.test': '/lab/pki/public-root.pem' } }
  const { ask, ran } = await testConsole(t, { lab })
  await ask('/api/roots/sip.lab.test')
  t.strictSame(ran.at(-1), ['certs', 'show', '/lab/pki/public-root.pem', '--json'])
  t.equal((await ask('/api/roots/..%2F..%2Fetc%2Fpasswd')).status, 400)
})

/** What a client other than a browser may send. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.setEncoding('utf8').once('data', (text: string) => {
      socket.destroy()
      resolve(text)
    })
    socket.once('error', reject)
  })
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
