/** The least SIP a server can speak: 200 to whatever asks, one CRLF to a ping. */
import type { Socket } from 'node:net'
import { StreamFramer } from '../../src/sip/message/framer.ts'
import { defaultLimits, type SipRequest } from '../../src/sip/message/types.ts'

export function respond(socket: Socket): void {
  const framer = new StreamFramer(defaultLimits, {
    message: (message) => {
      if (message.kind === 'request' && message.method !== 'ACK') socket.write(answerTo(message), 'latin1')
    },
    malformed: () => socket.destroy(),
    lost: () => socket.destroy(),
    ping: () => socket.write('\r\n'),
    pong: () => undefined,
  })
  socket.on('data', (chunk: Buffer) => framer.push(chunk))
}

function answerTo(request: SipRequest): string {
  const copied = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${request.header(name) ?? ''}\r\n`).join('')
  return (
    `SIP/2.0 200 OK\r\n${copied}To: ${request.header('To') ?? ''};tag=a\r\nServer: test\r\nContent-Length: 0\r\n` +
    '\r\n'
  )
}
