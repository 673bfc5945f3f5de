import t from 'tap'
import { explainStream } from '../../src/explain/text/stream.ts'

async function* chunksOf(...chunks: readonly (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

t.test('a line that two chunks share is one line', async (t) => {
  const answer = await explainStream(chunksOf('first\nx509: certificate signed by unk', 'nown authority\nlast'))
  t.match(answer, { lines: 3, evidence: [{ where: 'line 2' }], whoRefused: 'us' })
})

t.test('UTF-16 of Windows is recognised', async (t) => {
  const text = Buffer.from('\uFEFFThe error code is 0x80090322 (SEC_E_WRONG_PRINCIPAL).\r\n', 'utf16le')
  t.match(await explainStream(chunksOf(text)), { cause: { code: 'cert.name-mismatch' } })
})

t.test('a long log takes bounded memory', async (t) => {
  const quiet = Buffer.from(`${'Nov 28 17:56:42 sbc app[1]: 200 OK in 12 ms\n'.repeat(20_000)}`)
  const endless = Buffer.alloc(1024 * 1024, 'a')
  async function* log(): AsyncGenerator<Uint8Array> {
    for (let times = 0; times < 30; times += 1) yield quiet
    for (let times = 0; times < 30; times += 1) yield endless
    for (let times = 0; times < 2000; times += 1)
      yield Buffer.from(`\nNov 28 17:56:42 sbc app[1]: peer 10.0.${times >> 8}.${times & 255} tlsv1 alert unknown ca\n`)
  }
  const before = process.memoryUsage().rss
  const answer = await explainStream(log())
  t.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024)
  t.ok(answer.failures.length <= 500)
  t.equal(answer.whoseCertificate, 'ours')
})

t.test('an empty input is no answer', async (t) => {
  t.match(await explainStream(chunksOf()), { candidates: [], lines: 0 })
})
