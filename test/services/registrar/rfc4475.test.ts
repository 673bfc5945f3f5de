/** The torture messages (RFC 4475) that a registrar answers, with the outcomes of the conformance data. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { noRemarks } from '../../support/arrival.ts'
import { authenticate } from '../../../src/services/authentication/authenticate.ts'
import { digest } from '../../../src/services/authentication/digest.ts'
import { memoryLocation } from '../../../src/services/location/location.ts'
import { registrar } from '../../../src/services/registrar/registrar.ts'
import { parseDatagram, parseUri } from '../../../src/sip/message/index.ts'
import type { HeaderField } from '../../../src/sip/message/types.ts'
import type { Arrival, Decision } from '../../../src/sip/routing/decision.ts'
import { testFlow } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'

interface Case {
  readonly name: string
  readonly file: string
  readonly outcomes: readonly {
    readonly role: string
    readonly codes?: readonly number[]
    readonly bindings?: number
    readonly when?: string
    readonly requireHeaders?: readonly string[]
  }[]
}

const folder = process.env['SIPLAB_CONFORMANCE']
const skip = folder === undefined ? 'SIPLAB_CONFORMANCE does not name the folder of the conformance data' : false

/** Domain of the To of each of these; what is To elsewhere is not ours. */
const domains = ['example.com']

function answerTo(file: string, options: { readonly authenticating: boolean }): Decision {
  const request = parseDatagram(readFileSync(join(folder ?? '', 'rfc4475', file)))
  if (request.kind !== 'request') throw new TypeError('not a request')
  const clock = new FakeClock()
  const location = memoryLocation({ clock })
  const domain = [...domains, parseUri(request.requestUri).host]
  const realm = 'SIP Communications Service'
  const scheme = digest({ credentials: { credential: () => undefined }, realm, clock, algorithms: ['MD5'] })
  const policies = [
    ...(options.authenticating ? [authenticate({ schemes: [scheme], realm, clock, self: 'fe1.example.com' })] : []),
    registrar({ location, accounts: undefined, domains: domain, clock, self: 'fe1.example.com' }),
  ]
  const flow = testFlow({ transport: 'udp' })
  const asked: Arrival = {
    request,
    flow,
    face: 'internal',
    uri: request.uri,
    routes: [],
    ownRoute: undefined,
    nearRoute: undefined,
    claimsDialog: false,
    leaveRoute: () => undefined,
    wall: clock.wall(),
    remarks: noRemarks(),
  }
  location.close()
  return (
    policies.map((policy) => policy.decide(asked) as Decision).find((decision) => decision.kind !== 'pass') ?? {
      kind: 'pass',
    }
  )
}

function contactsOf(decision: Decision): readonly string[] {
  const { headers = [] } = decision as { headers?: readonly HeaderField[] }
  return headers.filter(([name]) => name === 'Contact').map(([, value]) => value)
}

t.test('rfc4475 at the registrar', { skip }, async (t) => {
  const { cases } = JSON.parse(readFileSync(join(folder ?? '', 'rfc4475', 'expectations.json'), 'utf8')) as {
    cases: readonly Case[]
  }
  const mine = cases.filter((one) => one.outcomes.some((outcome) => outcome.role === 'registrar'))
  t.ok(mine.length >= 7, 'the data names registrar cases')
  for (const one of mine) {
    for (const outcome of one.outcomes.filter((each) => each.role === 'registrar')) {
      for (const authenticating of outcome.when === undefined && outcome.codes?.includes(400)
        ? [false, true]
        : [outcome.when === 'it authenticates'])
        t.test(
          `${one.name} is answered ${outcome.codes?.join(' or ')} ` +
            `${authenticating ? 'by one that authenticates' : 'by one that does not'}`,
          async (t) => {
            const decision = answerTo(one.file, { authenticating })
            t.ok(
              'status' in decision && outcome.codes?.includes(decision.status),
              `answered ${JSON.stringify(decision).slice(0, 200)}`,
            )
            if (outcome.bindings !== undefined) t.equal(contactsOf(decision).length, outcome.bindings)
            for (const name of outcome.requireHeaders ?? [])
              t.ok(
                (decision as { headers?: readonly HeaderField[] }).headers?.some(([found]) => found === name),
                `${name} is there`,
              )
          },
        )
    }
  }

  t.test('cparam01 keeps a header parameter out of the contact URI', async (t) => {
    t.notMatch(contactsOf(answerTo('messages/cparam01.dat', { authenticating: false }))[0], /<[^>]*unknownparam/)
  })

  t.test('cparam02 keeps a URI parameter in it', async (t) => {
    t.match(
      contactsOf(answerTo('messages/cparam02.dat', { authenticating: false }))[0],
      /^<sip:\+19725552222@gw1.example.net;unknownparam>/,
    )
  })

  t.test('regescrt keeps the escaped Route of the contact URI', async (t) => {
    t.match(
      contactsOf(answerTo('messages/regescrt.dat', { authenticating: false }))[0],
      /^<sip:user@example.com\?Route=%3Csip:sip.example.com%3E>/,
    )
  })
})
