/** The bare proxy: calls and registrations through it succeed, and Node has the flags of siplab there. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { makeCertificates } from '../../bench/proxy/certificates.ts'
import { runLoad } from '../../bench/proxy/load.ts'
import { nodeFlags } from '../../bench/proxy/node-flags.ts'
import type { Transport } from '../../bench/proxy/socket.ts'
import { startBare, stop } from '../../bench/proxy/subjects.ts'
import { siplabBin } from '../support/command.ts'

const load = { count: 60, rate: 0, users: 4, wires: 2, window: 6 }
const transports: readonly Transport[] = ['udp', 'tcp', 'tls']

for (const transport of transports)
  t.test(`every call over ${transport} through the bare proxy completes`, async (t) => {
    const folder = t.testdir()
    const tls = makeCertificates(folder)
    const subject = await startBare({ transport, tls, folder, hops: 1, flags: [] })
    t.teardown(() => stop(subject))
    const result = await runLoad({ ...load, job: 'calls', transport }, subject, tls, () => undefined)
    t.match(result, { completed: 60, failed: 0 })
  })

t.test('the bare proxy answers every REGISTER with 200', async (t) => {
  const folder = t.testdir()
  const tls = makeCertificates(folder)
  const subject = await startBare({ transport: 'tls', tls, folder, hops: 1, flags: [] })
  t.teardown(() => stop(subject))
  t.match(await runLoad({ ...load, job: 'registrations', transport: 'tls' }, subject, tls, () => undefined), {
    completed: 60,
  })
})

t.test('programs of the bench get every flag that the door sets', async (t) => {
  const set = readFileSync(siplabBin, 'utf8').split('setFlagsFromString(').length - 1
  // The one from the command line, and those of the door.
  t.equal(nodeFlags.length, 1 + set)
})
