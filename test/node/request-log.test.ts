import t from 'tap'
import { testFlow } from '../support/arrival.ts'
import { request, responseTo } from '../support/sip-messages.ts'
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

// conformance: RFC 3261 §13.3.1.4 — an ACK that leads nowhere leaves an event
t.test('an ACK that is dropped is an event at every level, another request is not', async (t) => {
  const events: unknown[] = []
  const log = new RequestLog({
    levelOn: () => false,
    record: (event, fields) => void events.push([event, fields?.message]),
  })
  log.dropped(request({ method: 'ACK', uri: 'sip:bob@192.0.2.9' }), testFlow(), 'route.no-flow')
  log.dropped(request({ method: 'BYE' }), testFlow(), 'response.stray')
  t.match(events, [['ack.dropped', /^ACK sip:bob@192\.0\.2\.9 of \S+ led nowhere: route\.no-flow$/]])
  t.equal(events.length, 1)
})

// conformance: RFC 3261 §16.7 step 3 — responses that end here are counted in events, and a flood of them is bounded
t.test('a response that ends here is an event with its number, of a flood every thousandth', async (t) => {
  const numbers: unknown[] = []
  const log = new RequestLog({
    levelOn: () => false,
    record: (event, fields) => void (event === 'response.dropped' && numbers.push(fields?.data?.['count'])),
  })
  const message = responseTo(request(), 200)
  for (let count = 0; count < 2001; count += 1) log.dropped(message, testFlow(), 'response.ends-here')
  log.dropped(message, testFlow(), 'response.stray')
  t.strictSame(numbers, [...Array.from({ length: 20 }, (_none, at) => at + 1), 1000, 2000])
})
