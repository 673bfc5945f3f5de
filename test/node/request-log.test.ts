import t from 'tap'
import { RequestLog } from '../../src/node/request-log.ts'
import { MessageError } from '../../src/sip/message/message-error.ts'

function told(error: unknown): unknown {
  const events: unknown[] = []
  const log = new RequestLog({
    levelOn: () => false,
    record: (event, fields) => void events.push([event, fields?.message]),
  })
  log.failed(undefined, error)
  return events
}

t.test('what a peer left broken is told as its fault, in one line', async (t) => {
  t.strictSame(told(new MessageError(400, 'via-syntax', 'a host behind the blank', 12)), [
    ['message.malformed', 'a host behind the blank'],
  ])
})

t.test('a fault of ours is told as such, with where it happened', async (t) => {
  t.match(told(new TypeError('undefined is not a flow')), [
    ['message.failed', /TypeError: undefined is not a flow\n +at .*request-log\.test\.ts/],
  ])
})
