/** `siplab plan LAB --format trust`: the law of one lab. */
import t from 'tap'
import { rows } from '../../src/roles/law/table.ts'
import type { TrustDocument } from '../../src/roles/law/render.ts'
import { runInProcess } from '../support/cli.ts'

async function trust(lab: string, ...options: readonly string[]): Promise<string> {
  const { status, out, err } = await runInProcess(['plan', lab, '--format', 'trust', ...options])
  if (status !== 0) throw new Error(err)
  return out
}

t.test('names who is who at each border, and each row that applies there', async (t) => {
  const text = await trust('federation')
  t.match(text, /^edge, external face: outside\n {2}partner: sip\.partner\.test$/m)
  t.match(text, /^fe1, internal face: home\n {2}server: /m)
  for (const { name, borders } of rows)
    t.equal(
      new RegExp(`^${name}: (allowed|challenged|refused)`, 'm').test(text),
      borders.some((border) => border !== 'director'),
      name,
    )
  t.match(text, /^A request that fits no row: refused, 403 law\.no-row\.$/m)
})

t.test('as JSON is one document with the rows of the borders of the lab', async (t) => {
  const document = JSON.parse(await trust('standard', '--json')) as TrustDocument
  t.match(document, {
    topology: 'standard',
    borders: [{ node: 'se', face: 'internal', border: 'home', peers: { server: ['se.lab.test'] } }],
    otherwise: { kind: 'refuse', status: 403, because: 'law.no-row' },
  })
  t.ok(document.rows.every(({ borders }) => borders.length === 1 && borders[0] === 'home'))
  t.ok(document.rows.some(({ name }) => name === 'prove who you are'))
})
