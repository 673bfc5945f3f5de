/** Border probes against servers in this process: one that keeps its borders and some that do not. */
import { connect, type Socket } from 'node:net'
import { createSocket } from 'node:dgram'
import t from 'tap'
import { answersElsewhere } from '../../src/check/border-udp.ts'
import { allSteps, bordersStep, CheckLog } from '../../src/check/index.ts'
import { optionsFor } from './check-port.ts'
import { tcpServer } from '../support/sip-server.ts'

type Rule = (request: string) => 'relay' | number

async function probed(t: Test, rule: Rule): Promise<Readonly<Record<string, string>>> {
  const server = await tcpServer((socket) => serve(socket, rule))
  t.teardown(() => server.close())
  const log = new CheckLog()
  const candidate = {
    host: 'sip.example.test',
    port: server.port,
    transport: 'tcp',
    addresses: ['127.0.0.1'],
    names: [],
    found: 'given',
  } as const
  const place = { address: '127.0.0.1', port: server.port }
  await bordersStep(log, { candidate, place }, 'example.test', { ...optionsFor(), timeoutMs: 2000 })
  return Object.fromEntries(allSteps(log.steps).map(({ id, code }) => [id, code]))
}

type Test = Pick<typeof t, 'teardown'>

function serve(socket: Socket, rule: Rule): void {
  socket.on('data', (chunk: Buffer) => {
    const request = chunk.toString('latin1')
    const what = rule(request)
    const echoed = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line))
    const answer = (status: number): void =>
      void socket.write(
        `SIP/2.0 ${status} Some Reason\r\n${echoed.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`,
        'latin1',
      )
    if (what === 'relay') relay(request, () => answer(202))
    else answer(what)
  })
}

/** The listener of a probe closes once it has the request; answered earlier, the probe waits but 300 ms for it. */
function relay(request: string, relayed: () => void): void {
  const [, host = '', port = ''] = /^\S+ sip:[a-z]+@([\d.]+):(\d+)/.exec(request) ?? []
  const onward = connect({ host, port: Number(port) })
  onward.on('error', () => onward.destroy()).on('close', relayed)
  onward.end(request, 'latin1')
}

t.test('a server that refuses every stranger keeps its borders', async (t) => {
  t.match(await probed(t, () => 403), {
    borders: 'ok',
    'borders.relay': 'ok',
    'borders.dialog': 'ok',
    'borders.identity': 'ok',
  })
})

t.test('a server that passes anything on is a relay, and the dialog cannot be told apart', async (t) => {
  t.match(await probed(t, () => 'relay'), {
    borders: 'border.relay',
    'borders.relay': 'border.relay',
    'borders.dialog': 'not-tried',
    'borders.identity': 'border.identity-believed',
  })
})

t.test('a server that takes a To tag for a dialog is found', async (t) => {
  t.match(await probed(t, (request) => (/^To:.*;tag=/m.test(request) ? 'relay' : 403)), {
    'borders.relay': 'ok',
    'borders.dialog': 'border.dialog-claimed',
    'borders.identity': 'ok',
  })
})

t.test('a server that believes an asserted identity answers another way than without', async (t) => {
  t.match(await probed(t, (request) => (request.includes('P-Asserted-Identity') ? 404 : 401)), {
    'borders.relay': 'ok',
    'borders.identity': 'border.identity-believed',
  })
})

t.test('UDP answers are looked for at both addresses', async (t) => {
  const answer = async (to: 'source' | 'via'): Promise<string> => {
    const server = createSocket('udp4')
    await new Promise<void>((bound) => server.bind(0, '127.0.0.1', bound))
    server.once('message', (octets, source) => {
      const [, host = '', port = ''] = /^Via: SIP\/2\.0\/UDP ([\d.]+):(\d+)/m.exec(octets.toString('latin1')) ?? []
      if (to === 'source') server.send('SIP/2.0 200 OK\r\n\r\n', source.port, source.address)
      else server.send('SIP/2.0 200 OK\r\n\r\n', Number(port), host)
    })
    const { code } = await answersElsewhere('127.0.0.1', '127.0.0.1', 2000, server.address().port)
    server.close()
    return code
  }
  t.equal(await answer('source'), 'ok')
  t.equal(await answer('via'), 'border.udp-elsewhere')
})
