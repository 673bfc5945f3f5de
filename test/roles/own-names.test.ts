/** A server knows its own names and addresses wherever they can stand. */
import t from 'tap'
import { isOneOf, knownServers } from '../../src/roles/policies/inside-admission.ts'
import { namesOfFaces } from '../../src/roles/policies/no-route.ts'
import { parseText, parseUri } from '../../src/sip/message/index.ts'
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
    alsoKnownAs: ['192.0.2.1', '[2001:DB8:0::1]', '::1'],
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
    'fe1.lab.test..',
    '192.0.2.1.',
    '192.0.513',
    '192.513:5061',
    '3221225985',
    '0xC0000201',
    '0300.0x0.02.1.',
    '192.000.002.001',
    '[::ffff:192.0.2.1]',
    '[::FFFF:c000:201]:5061',
    '[2001:db8::1]',
    '[2001:0db8:0:0:0:0:0:1]',
    '[0:0:0:0:0:0:0:1]',
    '[:::1]',
    'lab.test.',
    'lab.test..:5061',
    'LAB.test.',
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
    'sip:bob@[::2]',
    'sip:bob@192.514',
    'sip:bob@192.0.2.1.1',
    'sip:bob@192.0.2.257',
    'sip:bob@192.0.2.08',
    'sip:bob@0x',
    'sip:bob@[0:0:0:0:0:0:0:1]:7777',
    'sip:bob@.',
  ])
    t.equal(seen(uri), uri)
  t.equal(seen('sip:bob@fe1.lab.test', []), 'sip:bob@fe1.lab.test', 'nor where a server has no users')
})

t.test('in maddr it is taken off', async (t) => {
  for (const maddr of [
    'pool.lab.test',
    'POOL.lab.test',
    '192.0.2.1',
    'fe1.lab.test.',
    'fe1.lab.test..',
    'fe1%2Elab.test',
    '%31%392.0.2.1',
    '0xc0.513',
    '::ffff:192.0.2.1',
    '::1',
    '[0:0:0:0:0:0:0:1]',
    '::1%25lo',
    '2001:DB8:0:0::1',
  ])
    t.equal(seen(`sip:lab.test;maddr=${maddr};transport=tls`), 'sip:lab.test;transport=tls', maddr)
  t.equal(seen('sip:lab.test;%6Daddr=192.0.2.1;lr'), 'sip:lab.test;lr', 'the name is escaped')
  t.equal(
    seen('sip:bob;maddr=x@lab.test;MADDR=192.0.2.1;lr'),
    'sip:bob;maddr=x@lab.test;lr',
    'the user part is left alone',
  )
  for (const uri of ['sip:lab.test;maddr=::2', 'sip:lab.test:7777;maddr=::1']) t.equal(seen(uri), uri)
})

// conformance: RFC 3261 §16.4 — a Route that names a domain of this server is its own, at every port it listens on
t.test('a Route with the domain is removed', async (t) => {
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

t.test('lists of servers know an address in every spelling', async (t) => {
  const addresses = ['2001:DB8:0::1', '::ffff:192.0.2.1']
  for (const uri of ['sip:[2001:db8::1]', 'sip:[2001:db8:0:0:0:0:0:1]', 'sip:192.0.2.1', 'sip:[::ffff:c000:201]']) {
    const { host } = parseUri(uri)
    t.equal(isOneOf(addresses)(host), true, uri)
    t.equal(knownServers(addresses, []).hosts.has(host.replace(/^\[|\]$/g, '')), true, uri)
    const face = {
      name: 'internal',
      fqdn: 'FE1.lab.test',
      address: '192.0.2.1',
      addresses: { internal: '2001:DB8:0::1' },
    } as const
    t.ok(namesOfFaces([face]).includes(host), uri)
  }
})

t.test('a REGISTER at a name of the server is one at its domain', async (t) => {
  const made = parseText(requestText({ uri: 'sip:fe1.lab.test' })) as SipRequest
  const arrival = new Incoming(made, testFlow(), new FakeClock())
  preprocess(arrival, own, 'lab.test')
  t.equal(arrival.uri.text, 'sip:lab.test')
})
