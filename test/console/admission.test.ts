import t from 'tap'
import { Admission, type Asking } from '../../src/console/admission.ts'

const port = 4711

function asking(headers: Asking['headers'] = {}, method = 'GET'): Asking {
  return { method, headers: { host: `127.0.0.1:${port}`, ...headers } }
}

/** The pair a browser sends back of a Set-Cookie. */
function pairOf(cookie: string | undefined): string {
  return cookie?.split(';')[0] ?? ''
}

t.test('a token opens one session and is then spent', async (t) => {
  const admission = new Admission(port)
  const token = admission.newToken()
  t.type(admission.spend(token), 'string')
  t.equal(admission.spend(token), undefined)
})

t.test('a newer token ends an older one that nobody used', async (t) => {
  const admission = new Admission(port)
  const older = admission.newToken()
  admission.newToken()
  t.equal(admission.spend(older), undefined)
})

t.test('no token is good before one was given, not even the empty one', async (t) => {
  t.equal(new Admission(port).spend(''), undefined)
})

t.test('the cookie is kept from scripts and from other sites', async (t) => {
  const admission = new Admission(port)
  t.match(admission.spend(admission.newToken()), /^siplab-console-4711=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/)
})

t.test('the cookie of a session is let in among others', async (t) => {
  const admission = new Admission(port)
  const pair = pairOf(admission.spend(admission.newToken()))
  t.equal(admission.refuseStranger(asking({ cookie: `a=b; ${pair}; c=d` })), undefined)
})

for (const [what, cookie] of [
  ['none', undefined],
  ['an empty one', 'siplab-console-4711='],
  ['another console\u2019s', 'siplab-console-4712=abcdefghijklmnopqrstuvwxyz012345'],
  ['an invented one', 'siplab-console-4711=abcdefghijklmnopqrstuvwxyz012345'],
  ['two headers', ['siplab-console-4711=a', 'siplab-console-4711=b']],
] as const)
  t.test(`without its cookie there is no session: ${what}`, async (t) => {
    const admission = new Admission(port)
    admission.spend(admission.newToken())
    t.match(admission.refuseStranger(asking({ cookie })), { status: 401, code: 'console.session' })
  })

t.test('the seventeenth browser ends the session of the first', async (t) => {
  const admission = new Admission(port)
  const pairs = Array.from({ length: 17 }, () => pairOf(admission.spend(admission.newToken())))
  t.match(
    pairs.map((cookie) => admission.refuseStranger(asking({ cookie }))?.status),
    [401, ...Array.from({ length: 16 }, () => undefined)],
  )
})

for (const host of ['127.0.0.1:4711', 'localhost:4711'])
  t.test(`the Host ${host} is ours`, async (t) => {
    t.equal(new Admission(port).refuseHost(asking({ host })), undefined)
  })

for (const host of ['evil.example:4711', '127.0.0.1', '127.0.0.1:4712', '127.0.0.1:4711.evil.example', '', undefined])
  t.test(`the Host ${host} is not ours`, async (t) => {
    t.match(new Admission(port).refuseHost({ method: 'GET', headers: { host } }), { status: 421, code: 'console.host' })
  })

t.test('a change comes from our own page', async (t) => {
  t.equal(new Admission(port).refuseOtherPage(asking({ origin: 'http://127.0.0.1:4711' }, 'POST')), undefined)
})

for (const origin of ['http://evil.example', 'https://127.0.0.1:4711', 'http://127.0.0.1:80', 'null', undefined])
  t.test(`a change from the Origin ${origin} is refused`, async (t) => {
    const refused = new Admission(port).refuseOtherPage(asking({ origin }, 'POST'))
    t.match(refused, { status: 403, code: 'console.origin' })
  })

t.test('a stream needs no Origin where the browser says that its own page asks', async (t) => {
  t.equal(new Admission(port).refuseOtherPage(asking({ 'sec-fetch-site': 'same-origin' })), undefined)
})

for (const site of ['same-site', 'cross-site', 'none', undefined])
  t.test(`a stream for a page that is ${site} is refused`, async (t) => {
    t.match(new Admission(port).refuseOtherPage(asking({ 'sec-fetch-site': site })), { code: 'console.origin' })
  })
