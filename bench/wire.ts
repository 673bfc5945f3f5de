/**
 * What keeping the last messages costs per message: `node bench/wire.ts [--json]`.
 *
 * The tap of a node as it is (`siplab up --keep 2000`), with credentials in the message, and with `--keep 0`. The
 * parser is measured too: it is the least that any node does with a message. What `bench/forward.ts` and
 * `bench/proxy.ts` measure goes on top of it.
 */
import { defaultLimits, parseDatagram } from '../src/sip/message/index.ts'
import type { Flow } from '../src/sip/transport/flow.ts'
import { defaultKeptMessages, ringSize, WireLog } from '../src/node/wire/wire-log.ts'
import { samples } from './support/messages.ts'
import { alternate, type Contestant, machine, median, type RoundSettings } from './support/rounds.ts'

const settings: RoundSettings = { rounds: 15, warmUp: 200_000, count: 100_000 }

const texts = samples.map(({ bytes }) => bytes.toString('latin1')).filter((text) => !text.includes('Authorization'))
const authorization = 'Authorization: Digest username="alice", realm="lab", nonce="abcdef", response="0123456789abcdef"'
const signed = texts.map((text) => text.replace('\r\n', `\r\n${authorization}\r\n`))
const ends = { local: { address: '192.0.2.1', port: 5061 }, remote: { address: '192.0.2.77', port: 50_331 } }
const flow = { transport: 'tls', ...ends } as unknown as Flow

const contestants: readonly Contestant[] = [
  tapOf('kept', defaultKeptMessages, texts),
  tapOf('keptSigned', defaultKeptMessages, signed),
  tapOf('notKept', 0, texts),
  {
    name: 'parsed',
    run(count) {
      let sum = 0
      for (let at = 0; at < count; at += 1) {
        const octets = samples[at % samples.length]?.bytes
        if (octets !== undefined) sum += parseDatagram(octets, defaultLimits).text.length
      }
      return sum
    },
  },
]

function tapOf(name: string, messages: number, all: readonly string[]): Contestant {
  const log = new WireLog({ node: 'bench', clock: { wall: Date.now }, size: ringSize(messages) })
  return {
    name,
    run(count) {
      for (let at = 0; at < count; at += 1) log.tap({ direction: 'in', flow, text: all[at % all.length] ?? '' })
      return log.since(0).length
    },
  }
}

const times = alternate(contestants, settings)
const nanoseconds = Object.fromEntries([...times].map(([name, all]) => [name, Math.round(median(all))]))
const result = { machine: machine(), octets: Math.round(median(texts.map(({ length }) => length))), nanoseconds }
if (process.argv.includes('--json')) console.log(JSON.stringify(result))
else console.log(result)
