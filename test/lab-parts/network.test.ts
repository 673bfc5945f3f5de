/** Which 127.0.N.0/24 a lab gets, with real sockets in networks that no shipped lab begins with. */
import { createServer } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { reserveNetwork } from '../../src/lab/network.ts'

const none = () => []

async function reserve(t: Test, options: Partial<Parameters<typeof reserveNetwork>[0]>) {
  const reservation = await reserveNetwork({ fixed: undefined, first: 246, listeners: none, ...options })
  t.teardown(() => reservation.release())
  return reservation
}

t.test('a lab that ran here before gets its network back, though an earlier one is free', async (t) => {
  const { network, passedOver } = await reserve(t, { before: 249 })
  t.strictSame([network, passedOver], [249, undefined])
})

t.test('where its network was taken meanwhile, that is said with what follows for its phones', async (t) => {
  await reserve(t, { before: 248 })
  t.match(await reserve(t, { before: 248 }), {
    network: 246,
    passedOver: /127\.0\.248\.0\/24 is taken, the network of this lab when it ran last: set its phones up again/,
  })
})

t.test('networks that were passed over are one line', async (t) => {
  await reserve(t, {})
  await reserve(t, {})
  const { network, passedOver = '' } = await reserve(t, {})
  t.equal(network, 248)
  t.match(passedOver, /^networks 246, 247 \(127\.0\.N\.0\/24\) are taken; 246: another lab holds it [^\n]*$/)
})

t.test('--network wins over the network of last time', async (t) => {
  t.equal((await reserve(t, { fixed: 247, before: 249 })).network, 247)
})

t.test('what listens on an address of a node is named', async (t) => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(5061, '127.0.247.11', resolve))
  t.teardown(() => holder.close())
  const listeners = (network: number) => [{ node: 'fe1', address: `127.0.${network}.11`, port: 5061, transport: 'tls' }]
  await t.rejects(reserve(t, { fixed: 247, listeners }), {
    code: 'network.taken',
    message: /fe1 cannot listen on 127\.0\.247\.11:5061 \(tls, EADDRINUSE\)/,
  })
})

t.test('the nodes of a killed lab are given time to let go of its network', async (t) => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(5061, '127.0.249.11', resolve))
  const listeners = (network: number) => [{ node: 'fe1', address: `127.0.${network}.11`, port: 5061, transport: 'tls' }]
  const reserved = reserve(t, { before: 249, listeners })
  setImmediate(() => holder.close())
  t.equal((await reserved).network, 249)
})
