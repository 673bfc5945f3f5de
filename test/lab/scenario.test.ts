/** The incident of 2006, played from a cold start as a person would play it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { siplab } from '../support/command.ts'

interface Played {
  readonly scenarios: readonly {
    readonly name: string
    readonly outcome: string
    readonly tookMs: number
    readonly steps: readonly { readonly outcome: string; readonly text: string }[]
  }[]
}

t.test('the trial certificate of a front end expires, and the way back is locked', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'siplab-test-'))
  t.teardown(() => rmSync(data, { recursive: true, force: true }))
  const { status, stdout, stderr } = await siplab(
    ['scenario', 'run', 'trial-certificate-expiry', '--json', '--data', data],
    { endsWithTest: true },
  )
  t.equal(status, 0, status === 0 ? 'it was played' : stderr)
  const [played] = (JSON.parse(stdout) as Played).scenarios
  t.match(played, { name: 'trial-certificate-expiry', outcome: 'passed' })
  t.ok((played?.tookMs ?? Infinity) < 60_000, `took ${played?.tookMs} ms, wanted less than a minute`)
  t.ok(played?.steps.every(({ outcome }) => outcome === 'passed'))
})
