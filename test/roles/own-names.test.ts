/** A server knows its own names and addresses wherever they can stand. */
import t from 'tap'
import { parseText } from '../../src/sip/message/index.ts'
import type { SipRequest } from '../../src/sip/message/types.ts'
import { Incoming } from '../../src/sip/routing/arrival.ts'
import { OwnNames } from '../../src/sip/routing/own.ts'
import { preprocess } from '../../src/sip/routing/preprocess.ts'
import { requestText, testFlow } from '../support/arrival.ts'
import { FakeClock } from '../support/fake-clock.ts'

const own = new OwnNames({
  internal: {
    name: 'fe1.lab.test',
    recordRouteName: 'pool.lab.test',
    ports: { tls: 5061 },
    alsoKnownAs: ['192.0.2.1'],
  },
})

function seen(uri: string, domains: readonly string[] = ['lab.test']): string {
  const made = parseText(requestText({ method: 'MESSAGE', uri })) as SipRequest
  const arrival = new Incoming(made, testFlow(), new FakeClock())
  preprocess(arrival, own, domains[0])
  return arrival.uri.text
}

t.test('for the host of a user it is the domain', async (t) => {
  for (const host of [
    'fe1.lab.test',
    'FE1.lab.test',
    'fe1.lab.test.',
    'pool.lab.test:5061',
    '192.0.2.1',
    'lab.test.',
    'lab.test',
  ])
    t.equal(seen(`sip:bob@${host}`), 'sip:bob@lab.test', host)
  t.equal(seen('sip:bob@192.0.2.1:5061;transport=tls;gr=urn:x'), 'sip:bob@lab.test;transport=tls;gr=urn:x')
})

t.test('another host, another port, or the server itself stays', async (t) => {
  for (const uri of [
    'sip:bob@fe2.lab.test',
    'sip:bob@192.0.2.1:7777',
    'sip:fe1.lab.test',
    'tel:+49301',
    'sip:bob@lab.test.evil.test',
  ])
    t.equal(seen(uri), uri)
  t.equal(seen('sip:bob@fe1.lab.test', []), 'sip:bob@fe1.lab.test', 'nor where a server has no users')
})

t.test('in maddr it is taken off', async (t) => {
  for (const maddr of ['pool.lab.test', '192.0.2.1', 'fe1.lab.test.'])
    t.equal(seen(`sip:lab.test;maddr=${maddr};transport=tls`), 'sip:lab.test;transport=tls', maddr)
})

// conformance: RFC 3261 §16.4 — a Route that names a domain of this server is its own, at every port it listens on
t.test('a Route with the domain is taken off', async (t) => {
  const served = new OwnNames(
    { internal: { name: 'fe1.lab.test', recordRouteName: 'fe1.lab.test', ports: { tls: 5061 }, alsoKnownAs: [] } },
    ['lab.test'],
  )
  for (const [route, left] of [
    ['<sip:lab.test;lr>', 0],
    ['<sip:LAB.test.:5061;transport=tls;lr>', 0],
    ['<sip:lab.test:7777;lr>', 1],
    ['<sip:x.lab.test;lr>', 1],
  ] as const) {
    const made = parseText(requestText({ method: 'MESSAGE', uri: 'sip:bob@lab.test', headers: [`Route: ${route}`] }))
    const arrival = new Incoming(made as SipRequest, testFlow(), new FakeClock())
    preprocess(arrival, served, 'lab.test')
    t.equal(arrival.routes.length, left, route)
  }
})

t.test('a REGISTER at a name of the server is one at its domain', async (t) => {
  const made = parseText(requestText({ uri: 'sip:fe1.lab.test' })) as SipRequest
  const arrival = new Incoming(made, testFlow(), new FakeClock())
  preprocess(arrival, own, 'lab.test')
  t.equal(arrival.uri.text, 'sip:lab.test')
})
