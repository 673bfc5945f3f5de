import t from 'tap'
import { offersMessages, signallingOnly } from '../../src/phone/session-description.ts'

const offer = (media: string): string => `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nm=${media}\r\n`

t.test('an offer of messages is answered with messages, in the word of the offer', async (t) => {
  for (const word of ['message', 'x-ms-message']) {
    const handler = signallingOnly()
    await handler.setDescription(offer(`${word} 5060 sip null`))
    t.match((await handler.getDescription()).body, new RegExp(`^m=${word} 5060 sip null`, 'm'))
  }
})

t.test('an offer with a voice is a call', async (t) => {
  t.notOk(offersMessages(offer('audio 9 RTP/AVP 0')))
  t.notOk(offersMessages(`${offer('message 5060 sip null')}m=audio 9 RTP/AVP 0\r\n`))
  t.notOk(offersMessages(undefined))
})
