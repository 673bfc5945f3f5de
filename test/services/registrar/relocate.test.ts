/** Which binding a dialog goes on with when its way is lost. */
import t from 'tap'
import type { Test } from 'tap'
import type { Binding } from '../../../src/services/location/binding.ts'
import { memoryLocation } from '../../../src/services/location/location.ts'
import { relocation } from '../../../src/services/registrar/relocate.ts'
import { StoreError } from '../../../src/services/store/store-error.ts'
import { systemClock } from '../../../src/sip/clock.ts'
import { parseUri } from '../../../src/sip/message/uri.ts'
import type { Arrival, Decision } from '../../../src/sip/routing/decision.ts'
import { unknownIdentity } from '../../../src/sip/routing/dialog-record.ts'
import { arrival, requestText } from '../../support/arrival.ts'

const path = ['<sip:director.lab.test:5061;transport=tls;lr>', '<sip:found@edge.lab.test:5061;transport=tls;lr;ob>']
const phone = 'sip:x7f3@192.0.2.9:40002;transport=tls'
const instance = 'urn:uuid:6163cf37-0000-4000-8000-000000000001'

type Device = Partial<Pick<Binding, 'instance' | 'epid'>> & { readonly contact: string; readonly aor?: string }

/** The Contact of the device that a BYE to `uri` is led to; a refusal or a pass by its kind. */
async function ledTo(
  t: Test,
  devices: readonly Device[],
  uri: string,
  parts: { readonly to?: string; readonly toParameters?: string; readonly direct?: boolean } = {},
): Promise<string> {
  const { direct = false } = parts
  const location = memoryLocation({ clock: systemClock })
  t.teardown(() => location.close())
  for (const { contact, aor = 'sip:alice@lab.test', instance: device, epid } of devices) {
    await location.register({
      aor,
      callId: contact,
      cseq: 1,
      wall: systemClock.wall(),
      all: false,
      limit: 5,
      contacts: [
        {
          uri: parseUri(contact),
          binding: {
            contact,
            q: 1000,
            expires: systemClock.wall() + 60_000,
            path: direct ? [] : [...path, `<${contact}>`],
            instance: device,
            regId: undefined,
            epid,
            owner: 'fe1.lab.test',
            ownerRoute: undefined,
            flowBound: false,
            flow: undefined,
            userAgent: '',
            received: '',
          },
        },
      ],
    })
  }
  const relocate = relocation({
    location,
    accounts: undefined,
    domains: ['lab.test'],
    self: 'fe1.lab.test',
    isOpen: () => false,
  })
  const decision = await relocate(
    inside(
      requestText({
        method: 'BYE',
        uri,
        to: parts.to ?? 'sip:alice@lab.test',
        toParameters: `${parts.toParameters ?? ''};tag=2`,
      }),
    ),
  )
  return led(decision)
}

/** In a proved dialog whose other end nobody here knows but by To. */
function inside(text: string): Arrival {
  const made = arrival(text)
  const side = { identity: unknownIdentity, uri: '', organisation: '', hop: 's192.0.2.9' }
  made.remarks.dialog = { sender: side, other: side, isCaller: true, proved: true }
  return made
}

function led(decision: Decision): string {
  const [target] = decision.kind === 'route' ? decision.targets : []
  return target?.routes.at(-1) ?? target?.nextHop ?? decision.kind
}

t.test('a dialog whose way is lost goes on', async (t) => {
  t.test('with the binding that has the Contact of its remote target', async (t) => {
    t.equal(await ledTo(t, [{ contact: 'sip:other@192.0.2.10' }, { contact: phone }], phone), `<${phone}>`)
  })

  t.test('with the instance that a GRUU names', async (t) => {
    t.equal(
      await ledTo(
        t,
        [{ contact: 'sip:other@192.0.2.10' }, { contact: phone, instance }],
        `sip:alice@lab.test;gr=${instance}`,
      ),
      `<${phone}>`,
    )
  })

  t.test('by dialling the registered Contact: the sender chooses no place with its Request-URI', async (t) => {
    const device = { contact: 'sip:192.0.2.9:50001', epid: 'aa01' }
    const parts = { toParameters: ';epid=aa01', direct: true }
    t.equal(await ledTo(t, [device], 'sip:+49900@gw.lab.test:5061;user=phone', parts), device.contact)
  })

  t.test('with the endpoint that To names, whatever its Contact is now', async (t) => {
    t.equal(
      await ledTo(
        t,
        [
          { contact: 'sip:192.0.2.9:50001', epid: 'aa01' },
          { contact: 'sip:192.0.2.9:50002', epid: 'bb02' },
        ],
        'sip:192.0.2.9:40002',
        { toParameters: ';epid=bb02' },
      ),
      '<sip:192.0.2.9:50002>',
    )
  })

  t.test('with the same user part at a new address', async (t) => {
    t.equal(
      await ledTo(
        t,
        [{ contact: 'sip:x7f3@192.0.2.9:50007;transport=tls' }, { contact: 'sip:other@192.0.2.9:40002' }],
        phone,
      ),
      '<sip:x7f3@192.0.2.9:50007;transport=tls>',
    )
  })
})

t.test('a dialog whose way is lost does not go on', async (t) => {
  t.test('with the only other device of the user', async (t) => {
    t.equal(await ledTo(t, [{ contact: 'sip:other@192.0.2.10' }], phone), 'pass')
  })

  t.test('with another device whose Contact says no more than the user does', async (t) => {
    t.equal(await ledTo(t, [{ contact: 'sip:alice@192.0.2.10' }], 'sip:alice@192.0.2.9:40002'), 'pass')
  })

  t.test('with another instance than the GRUU names', async (t) => {
    t.equal(
      await ledTo(
        t,
        [{ contact: phone, instance: 'urn:uuid:6163cf37-0000-4000-8000-000000000002' }],
        `sip:alice@lab.test;gr=${instance}`,
      ),
      'pass',
    )
  })

  t.test('with another endpoint than To names', async (t) => {
    t.equal(
      await ledTo(t, [{ contact: 'sip:192.0.2.9:50001', epid: 'aa01' }], 'sip:192.0.2.9:40002', {
        toParameters: ';epid=bb02',
      }),
      'pass',
    )
  })

  t.test('with another user who has the same Contact', async (t) => {
    t.equal(await ledTo(t, [{ contact: phone, aor: 'sip:bob@lab.test' }], phone), 'pass')
  })

  t.test('with two devices that could both be meant', async (t) => {
    t.equal(await ledTo(t, [{ contact: 'sip:x7f3@192.0.2.9:1' }, { contact: 'sip:x7f3@192.0.2.9:2' }], phone), 'pass')
  })

  t.test('when the user is not one of ours', async (t) => {
    t.equal(await ledTo(t, [{ contact: phone }], phone, { to: 'sip:erin@partner.test' }), 'pass')
  })
})

t.test('a database that does not answer is told as such', async (t) => {
  const location = {
    ...memoryLocation({ clock: systemClock }),
    lookup: () => Promise.reject(new StoreError('store.unreachable', 'it is away')),
  }
  t.teardown(() => location.close())
  const relocate = relocation({
    location,
    accounts: undefined,
    domains: ['lab.test'],
    self: 'fe1.lab.test',
    isOpen: () => false,
  })
  t.match(
    await relocate(
      inside(requestText({ method: 'BYE', uri: phone, to: 'sip:alice@lab.test', toParameters: ';tag=2' })),
    ),
    { kind: 'refuse', status: 504 },
  )
})
