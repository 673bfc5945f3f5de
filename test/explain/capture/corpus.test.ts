/** The captures of the field corpus: `SIPLAB_CONFORMANCE=FOLDER tap test/explain/capture/corpus.test.ts`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pemBlocks } from '../../../src/certificates/examine/pem.ts'
import { explainCapture } from '../../../src/explain/capture/index.ts'

interface Case {
  readonly id: string
  readonly kind: string
  readonly pcap?: string
  readonly keylog?: unknown
  readonly also?: unknown
  readonly expect: { readonly code?: string | null; readonly needsKeylog?: boolean }
}

const folder = join(process.env['SIPLAB_CONFORMANCE'] ?? '', 'field')
const there = process.env['SIPLAB_CONFORMANCE'] !== undefined && existsSync(join(folder, 'cases.json'))
const skip = there ? {} : { skip: 'SIPLAB_CONFORMANCE names no folder with field/cases.json' }

t.test('the captures of the field corpus', skip, async (t) => {
  const cases = (JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as readonly Case[]).filter(
    ({ kind }) => kind === 'pcap',
  )
  let named = 0
  let hidden = 0
  for (const { id, pcap = '', keylog, also, expect } of cases) {
    const answer = await explainCapture(join(folder, pcap), {
      ...(typeof keylog !== 'string' ? {} : { keylog: readFileSync(join(folder, keylog), 'utf8') }),
      ...(typeof also !== 'string' ? {} : { onDisk: pemBlocks(readFileSync(join(folder, also), 'utf8')) }),
    })
    if (answer.cause !== undefined && typeof expect.code === 'string') {
      named += 1
      t.equal(answer.cause.code, expect.code, id)
    }
    if (expect.needsKeylog !== true) continue
    hidden += 1
    t.match(answer, { cause: undefined, needsKeylog: true }, id)
  }
  t.ok(named > 100 && hidden > 30, `${named} single causes and ${hidden} hidden ones were compared`)
})
