import t from 'tap'
import { CheckLog } from '../../src/check/index.ts'
import { type Finding, fromVerdict } from '../../src/check/step.ts'
import { verdict, verdictCodes } from '../../src/verdicts/codes.ts'

const certificate = {
  subject: 'CN=director.lab.test',
  issuer: 'CN=CA',
  subjectAltNames: [],
  serial: '742f',
  serialReversed: '2f74',
  fingerprint: 'AA:BB',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2026-02-01T00:00:00Z',
}
const expired = fromVerdict(verdict('cert.expired', { certificate }))

function remedyOf(place: ConstructorParameters<typeof CheckLog>[1], finding: Finding = expired): string | undefined {
  const log = new CheckLog(undefined, place)
  log.put('certificate', 'certificate', finding)
  return log.steps[0]?.remedy
}

t.test('a remedy names the node that holds the certificate', async (t) => {
  const remedy = remedyOf({ ownerOf: (serial) => (serial === '742f' ? 'director' : undefined) })
  t.match(remedy, /of director: siplab certs renew director$/)
})

t.test('a certificate that no node of the lab holds is that of the node that was dialled', async (t) => {
  t.match(remedyOf({ ownerOf: () => undefined, acceptor: 'edge' }), /siplab certs renew edge$/)
})

t.test('where nobody knows the ends, the remedy has words and no command', async (t) => {
  const remedy = remedyOf({ ownerOf: () => undefined })
  t.match(remedy, /of the server$/)
  t.notMatch(remedy, /siplab|NODE/)
})

t.test('the end that accepts and the end that dials have their names', async (t) => {
  const place = { ownerOf: () => undefined, acceptor: 'director', dialler: 'edge' }
  t.match(
    remedyOf(place, fromVerdict(verdict('tls.no-common-cipher'))),
    /at edge and at director: siplab settings edge tls --reset; siplab settings director tls --reset$/,
  )
  t.match(remedyOf(place, fromVerdict(verdict('link.refused'))), /siplab mtls director on; siplab node start director$/)
})

t.test('a client that is no node is called so, and gets no command', async (t) => {
  t.match(
    remedyOf({ ownerOf: () => undefined, acceptor: 'director' }, fromVerdict(verdict('tls.no-common-cipher'))),
    /at this client and at director: siplab settings director tls --reset$/,
  )
})

t.test('the end that refuses is the other one than the node that holds the certificate', async (t) => {
  const root = fromVerdict(verdict('chain.untrusted-root', { certificate }))
  const ends = { acceptor: 'director', dialler: 'edge' }
  t.match(remedyOf({ ownerOf: () => 'director', ...ends }, root), /trust list of edge/)
  t.match(remedyOf({ ownerOf: () => 'edge', ...ends }, root), /trust list of director/)
})

t.test('of a link with a server outside, our own certificate gets its command', async (t) => {
  const place = { outside: 'sbc1.contoso.test', ownerOf: () => 'fe1', dialler: 'fe1' }
  t.match(remedyOf(place), /siplab certs renew fe1$/)
})

t.test('no remedy of any verdict keeps a placeholder, in a lab or outside', async (t) => {
  const placeholder = /\b(?:NODE|PEER|REFUSER|DIALLER|ACCEPTOR)\b/
  for (const { code } of verdictCodes)
    for (const place of [
      { outside: 'sbc1.contoso.test' },
      { ownerOf: () => undefined },
      { ownerOf: () => undefined, acceptor: 'director' },
      { ownerOf: () => 'edge', acceptor: 'director', dialler: 'edge' },
    ])
      t.notMatch(remedyOf(place, fromVerdict(verdict(code, { certificate }))) ?? '', placeholder, code)
})

t.test('a server outside the lab gets no command of siplab', async (t) => {
  t.notMatch(remedyOf({ outside: 'sbc1.contoso.test' }), /siplab|NODE/)
})
