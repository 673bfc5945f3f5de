/** What is said of an own certificate when its time comes, and when the calendar of the machine steps. */
import t from 'tap'
import { CertificateWatch } from '../../../src/node/certificates/certificate-watch.ts'
import type { OwnCertificate } from '../../../src/node/certificates/own-certificates.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const hour = 3_600_000
const year = 365 * 24 * hour

function watched(begin: number) {
  const clock = new FakeClock()
  const told: string[] = []
  const watch = new CertificateWatch({
    clock,
    warnAtFraction: 1 / 3,
    onEarly: () => told.push('early'),
    onEnding: () => told.push('ending'),
    onEnded: () => told.push('ended'),
    onValid: () => told.push('valid'),
    onRound: () => undefined,
  })
  const notBefore = clock.wall() + begin
  watch.watch([
    {
      use: { reference: 'listener' },
      leaf: { fingerprint: 'f' },
      notBefore,
      notAfter: notBefore + 3 * hour,
    } as unknown as OwnCertificate,
  ])
  return {
    told,
    after(step: number): readonly string[] {
      clock.step(step)
      clock.advance(2_000)
      return told.splice(0)
    },
  }
}

t.test('each change is reported once', (t) => {
  const { after } = watched(-hour / 2)
  t.same([0, 0, 2 * hour, 0, hour, 0].map(after), [[], [], ['ending'], [], ['ended'], []])
  t.end()
})

t.test('a calendar that is set back by an hour or a year, and forward again', (t) => {
  for (const step of [hour, year]) {
    const { after } = watched(-hour / 2)
    t.same([0, -step, 0, step].map(after), [[], ['early'], [], ['valid']])
  }
  t.end()
})

t.test('a calendar that is set forward by a year, and back again', (t) => {
  const { after } = watched(-hour / 2)
  t.same([0, year, -year, -year].map(after), [[], ['ended'], ['valid'], ['early']])
  t.end()
})

t.test('a certificate that was early when it was loaded is reported by the check at that time', (t) => {
  const { after } = watched(hour)
  t.same([0, 2 * hour].map(after), [[], ['valid']])
  t.end()
})
