/** What is read from the error log of SIPp, whose phones go on after an answer that they did not expect. */
import t from 'tap'
import { lateAnswersIn, strangeAnswersIn } from '../support/sipp-load.ts'

const unexpected = (status: string): string =>
  "'2026-11-29\t00:27:50.403072\t1795912070.403072: Continuing call on unexpected message for Call-Id " +
  `'7-1@127.0.0.1': while pausing (index 39), received 'SIP/2.0 ${status}\nVia: SIP/2.0/TCP 127.0.0.1\n` +
  `Call-ID: 7-1@127.0.0.1\nCSeq: 3 BYE\n\n`
const discarded = (start: string, id: string): string =>
  `'2026-11-29\t00:27:51.1\t1795912071.1: Discarding message which can't be mapped to a known SIPp call:\n` +
  `${start}\nVia: SIP/2.0/TCP 127.0.0.1\nCall-ID: ${id}\nCSeq: 1 INVITE\n\n`

t.test('an answer is strange when no scenario expects it at any moment', async (t) => {
  const log = ['200 OK', '403 Forbidden', '100 Trying', '481 Gone', '500 Error', '403 Forbidden'].map(unexpected)
  t.same(strangeAnswersIn(log.join('')), ['SIP/2.0 403 Forbidden', 'SIP/2.0 403 Forbidden'])
  t.same(strangeAnswersIn(''), [])
})

t.test('a late answer is a final one to a call that SIPp had given up', async (t) => {
  const log = [
    discarded('SIP/2.0 480 Gone', '1-1@127.0.0.1'),
    discarded('SIP/2.0 180 Ringing', '2-1@127.0.0.1'),
    discarded('BYE sip:alice@lab.test SIP/2.0', '3-1@127.0.0.1'),
    unexpected('200 OK'),
  ]
  t.same([...lateAnswersIn(log.join(''))], ['1-1@127.0.0.1'])
})
