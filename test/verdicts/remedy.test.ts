import t from 'tap'
import { commandsOf, outsideRemedy, placedRemedy, thenStart, withCertificate } from '../../src/verdicts/remedy.ts'
import { verdict, verdictCodes } from '../../src/verdicts/codes.ts'
import type { VerdictCertificate } from '../../src/verdicts/verdict.ts'

const shown: VerdictCertificate = {
  subject: 'CN=edge.lab.test',
  issuer: 'CN=lab.test internal Issuing CA',
  subjectAltNames: ['DNS:edge.lab.test'],
  serial: '01ff',
  serialReversed: 'ff01',
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2027-01-01T00:00:00.000Z',
  fingerprint: 'ab',
}

t.test('placedRemedy', async (t) => {
  t.test('names the node whose certificate was refused: the other end of the link', async (t) => {
    const renew = 'renew the certificate: siplab certs renew NODE'
    t.equal(
      placedRemedy(renew, { node: 'fe1', link: 'fe1->director', direction: 'outgoing' }),
      'renew the certificate: siplab certs renew director',
    )
    t.equal(
      placedRemedy(renew, { node: 'fe1', link: 'director->fe1', direction: 'incoming' }),
      'renew the certificate: siplab certs renew director',
    )
  })

  t.test('names the node itself where no link is concerned', async (t) => {
    t.equal(placedRemedy('siplab certs renew NODE', { node: 'fe1' }), 'siplab certs renew fe1')
  })

  t.test('lets the end that accepts open its listener, and the end that dials show a certificate', async (t) => {
    const place = { node: 'edge', link: 'edge->director', direction: 'outgoing' } as const
    t.match(placedRemedy('start the node: siplab mtls ACCEPTOR on', place), /siplab mtls director on/)
    const incoming = { node: 'director', link: 'edge->director', direction: 'incoming' } as const
    t.match(placedRemedy('siplab settings DIALLER tls --reset', incoming), /siplab settings edge tls/)
  })

  t.test('gives no command for a peer outside the lab', async (t) => {
    const place = { node: 'edge', link: '127.0.0.1->edge', direction: 'incoming' } as const
    t.equal(
      placedRemedy('renew the certificate: siplab certs renew NODE', place),
      'renew the certificate, then reload or restart 127.0.0.1',
    )
    t.equal(
      placedRemedy('read the verdict of the other end: siplab events PEER', place),
      'look into the log of 127.0.0.1: that end knows the reason',
    )
  })
})

t.test('outsideRemedy leaves no placeholder and no command of siplab, for any code', async (t) => {
  const left = verdictCodes
    .map(({ code, remedy }) => [code, outsideRemedy(remedy, 'sbc1.contoso.test')] as const)
    .filter(
      ([, remedy]) =>
        /\b(?:NODE|PEER|REFUSER|DIALLER|ACCEPTOR|REFERENCE|CERTIFICATE)\b|siplab/.test(remedy) || remedy === '',
    )
  t.strictSame(left, [])
})

t.test('a verdict about a link names the end that has to act', async (t) => {
  const place = { node: 'fe1', link: 'fe1->director', direction: 'outgoing' } as const
  t.match(verdict('cert.expired', place).fix, /siplab certs renew director/)
})

t.test('a remedy names the certificate with its serial', async (t) => {
  const certificate = { ...shown, subject: 'CN=fe1.lab.test', serial: '5a01' }
  t.equal(
    withCertificate('renew {certificate} of fe1', certificate),
    'renew the certificate CN=fe1.lab.test (serial 5a01) of fe1',
  )
})

t.test('a command with a name that nobody knows is left out', async (t) => {
  t.equal(placedRemedy('read it at PEER: siplab events PEER', { node: 'fe1' }), 'read it at the other end')
})

t.test('a server that judges itself is told once what to do', async (t) => {
  t.equal(
    placedRemedy('allow it: siplab settings DIALLER tls --reset; siplab settings ACCEPTOR tls --reset', {
      node: 'fe1',
    }),
    'allow it: siplab settings fe1 tls --reset',
  )
})

t.test('a server that has ended is started after its remedy', async (t) => {
  t.equal(
    commandsOf(thenStart('renew it: siplab certs renew fe1', 'fe1')),
    'siplab certs renew fe1; siplab node start fe1',
  )
})

t.test('a remedy for a person holds no command', async (t) => {
  t.equal(commandsOf(thenStart('restore the file from a backup', 'fe1')), '')
})

t.test('what a public CA issued is not to be issued again with clientAuth by it', async (t) => {
  const certificate = { ...shown, issuer: 'O=siplab\\, stand-in for a public authority,CN=lab.test public Issuing CA' }
  const place = { node: 'partner-edge', link: 'edge->partner-edge', direction: 'incoming', certificate } as const
  t.equal(commandsOf(verdict('cert.eku-missing', place).fix ?? ''), '')
})

const placeholder = /\b(?:NODE|PEER|REFUSER|DIALLER|ACCEPTOR|REFERENCE|CERTIFICATE)\b/

t.test('no placeholder is left in a remedy where both ends are known, for any code', async (t) => {
  const place = { node: 'fe1', link: 'director->fe1', direction: 'incoming' } as const
  const left = verdictCodes.filter(({ code }) => placeholder.test(verdict(code, place).fix ?? ''))
  t.strictSame(
    left.map(({ code }) => code),
    [],
  )
})

t.test('no placeholder is left in a remedy of a server about itself, for any code', async (t) => {
  const left = verdictCodes.filter(({ code }) => placeholder.test(verdict(code, { node: 'fe1' }).fix ?? ''))
  t.strictSame(
    left.map(({ code }) => code),
    [],
  )
})

t.test('a remedy about the chain never asks for the CA that a verdict shows to be issued as a server', async (t) => {
  const ca = { ...shown, subject: 'CN=Issuing CA', serial: 'ca5e' }
  const place = { node: 'fe1', link: 'director->fe1', direction: 'incoming', certificate: ca } as const
  const left = verdictCodes.filter(
    ({ code }) => code.startsWith('chain.') && verdict(code, place).fix?.includes('ca5e'),
  )
  t.strictSame(
    left.map(({ code }) => code),
    [],
  )
})
