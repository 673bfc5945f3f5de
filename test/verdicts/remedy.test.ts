import t from 'tap'
import { outsideRemedy, placedRemedy } from '../../src/verdicts/remedy.ts'
import { verdict, verdictCodes } from '../../src/verdicts/codes.ts'

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
    t.match(placedRemedy('start the node: siplab mtls NODE on', place), /siplab mtls director on/)
    const incoming = { node: 'director', link: 'edge->director', direction: 'incoming' } as const
    t.match(placedRemedy('siplab assign NODE default-outgoing CERTIFICATE', incoming), /siplab assign edge default-/)
  })

  t.test('gives no command for a peer outside the lab', async (t) => {
    const place = { node: 'edge', link: '127.0.0.1->edge', direction: 'incoming' } as const
    t.equal(
      placedRemedy('renew the certificate: siplab certs renew NODE', place),
      'renew the certificate on 127.0.0.1, then reload or restart the server',
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
    .filter(([, remedy]) => /\b(?:NODE|PEER)\b|siplab/.test(remedy) || remedy === '')
  t.strictSame(left, [])
})

t.test('a verdict about a link names the end that has to act', async (t) => {
  const place = { node: 'fe1', link: 'fe1->director', direction: 'outgoing' } as const
  t.match(verdict('cert.expired', place).fix, /siplab certs renew director/)
})
