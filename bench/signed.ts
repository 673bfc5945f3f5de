/**
 * What the signature of a Communicator client costs a message, sockets aside: `node bench/signed.ts [--json]`.
 *
 * Every request and final response of a front end passes the seal (services/authentication/ntlm/seal.ts). Most of them
 * find no association: the first two rows are theirs. The others sign an INVITE towards a client (reading it, one
 * HMAC-MD5, one RC4 key schedule) and check the signature of the client's 200. The bound is that of bench/parse.ts.
 */
import { randomBytes } from 'node:crypto'
import { Associations } from '../src/services/authentication/ntlm/associations.ts'
import { NtlmSeal } from '../src/services/authentication/ntlm/seal.ts'
import { parseText } from '../src/sip/message/parse.ts'
import type { SipResponse } from '../src/sip/message/types.ts'
import { testFlow } from '../test/support/arrival.ts'
import { FakeClock } from '../test/support/fake-clock.ts'
import { type NtlmSession, signatureLine } from '../test/support/ntlm-client.ts'
import { samples } from './support/messages.ts'
import { alternate, type Contestant, machine, median, type RoundSettings } from './support/rounds.ts'

const settings: RoundSettings = { rounds: 9, warmUp: 20_000, count: 10_000 }
const realm = 'SIP Communications Service'
const self = 'fe1.lab.test'
const clock = new FakeClock()
/** A link of the edge: it carries clients that sign and clients that do not. */
const flow = testFlow({ peer: 'edge' })
const client = { aor: 'sip:bob@lab.test', endpoint: 'e5a1', contact: 'sip:bob@192.0.2.78:50332;transport=tls' } as const

const invite = toClient(sampleOf('INVITE'))
const ok = fromClient(sampleOf('200 OK'))

/** So many users have signed in by NTLM, and bob is one of them where the message is for bob. */
function sealWith(users: number, bob: NtlmSession | undefined): NtlmSeal {
  const associations = new Associations()
  const add = (aor: string, endpoint: string, opaque: string, sessionKey: Buffer) =>
    associations.add({ opaque, aor, endpoint, instance: undefined, version: 4, sessionKey, now: clock.now() })
  for (let at = 0; at < users; at += 1) add(`sip:user${at}@lab.test`, 'e1', `U${at}`, randomBytes(16))
  if (bob !== undefined) {
    const association = add(client.aor, client.endpoint, bob.opaque, bob.sessionKey)
    associations.reach(association, [client.contact])
  }
  return new NtlmSeal({ associations, realm, self, clock })
}

const session: NtlmSession = { opaque: 'B0B', realm, target: self, version: 4, sessionKey: randomBytes(16), sent: 0 }
const signing = sealWith(1000, session)
const answered = parseText(signedByClient(ok)) as SipResponse

if (!signing.sealed(invite, flow).includes('Authentication-Info: NTLM rspauth=')) throw new Error('nothing was signed')
if (signing.refuses(answered, flow) !== undefined) throw new Error('the signature of the client was not taken')

const contestants: readonly Contestant[] = [
  sealing('no user has signed in by NTLM', sealWith(0, undefined)),
  sealing('1,000 other users have', sealWith(1000, undefined)),
  sealing('signed towards the client', signing),
  {
    name: 'checked from the client',
    // The same number again: all is checked before it is found to be old.
    run(count) {
      let sink = 0
      for (let at = 0; at < count; at += 1) {
        const because = signing.refuses(parseText(answered.text) as SipResponse, flow)
        if (because !== 'auth.replayed') throw new Error(`wanted auth.replayed, found ${because}`)
        sink += because.length
      }
      return sink
    },
  },
  {
    name: 'of which reading that 200',
    run(count) {
      let sink = 0
      for (let at = 0; at < count; at += 1) sink += (parseText(answered.text) as SipResponse).status
      return sink
    },
  },
]

function sealing(name: string, seal: NtlmSeal): Contestant {
  return {
    name,
    run(count) {
      let sink = 0
      for (let at = 0; at < count; at += 1) sink += seal.sealed(invite, flow).length
      return sink
    },
  }
}

function sampleOf(name: string): string {
  const sample = samples.find((one) => one.name === name)
  if (sample === undefined) throw new RangeError(`no sample ${name}`)
  return sample.bytes.toString('latin1')
}

function toClient(text: string): string {
  return text.replace(/^INVITE \S+/, `INVITE ${client.contact}`)
}

function fromClient(text: string): string {
  return text.replace(/^To:.*$/m, `To: <${client.aor}>;tag=b1;epid=${client.endpoint}`)
}

function signedByClient(text: string): string {
  const line = signatureLine(session, text)
  return text.replace('\r\n\r\n', `\r\n${line}\r\n\r\n`)
}

const times = alternate(contestants, settings)
const rows = contestants.map(({ name }) => ({ name, nanoseconds: Math.round(median(times.get(name) ?? [])) }))
if (process.argv.includes('--json')) console.log(JSON.stringify({ machine: machine(), settings, rows }))
else
  for (const { name, nanoseconds } of rows)
    console.log(`${name.padEnd(30)} ${nanoseconds.toLocaleString('en').padStart(8)} ns CPU a message`)
