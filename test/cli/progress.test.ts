/** The line of progress on a terminal. */
import t from 'tap'
import { liveTree } from '../../src/cli/check-text.ts'
import { isPlain, overwriting } from '../../src/cli/io.ts'

t.test('a line of progress replaces the one before, and no character of a peer is sent to the terminal', async (t) => {
  t.equal(overwriting('', 80), '\r\u001b[K')
  t.match(overwriting('TLS 1.2', 80), /^\r\u001b\[K.*TLS 1\.2/)
  t.match(overwriting('evil\r\u001b[2J\n', 80), /^\r\u001b\[K\u001b\[2mevil\\u000d\\u001b\[2J\\u000a\u001b\[22m$/)
})

t.test('a line of progress never wraps, or the next one could not replace it', async (t) => {
  t.match(overwriting('x'.repeat(300), 60), /mx{59}\u001b/)
  t.match(overwriting('x'.repeat(300), 0), /mx{79}\u001b/, 'a terminal of unknown width')
})

t.test('no escape sequence goes to a terminal that takes none', async (t) => {
  t.strictSame([{ TERM: 'dumb' }, { TERM: 'xterm', NO_COLOR: '1' }, { TERM: 'xterm', NO_COLOR: '' }, {}].map(isPlain), [
    true,
    true,
    false,
    false,
  ])
})

t.test('check shows what it does as progress, and removes that line before a result', async (t) => {
  const written: string[] = []
  const io = {
    err: (text: string) => void written.push(`err ${text}`),
    progress: (text: string) => void written.push(`progress ${text}`),
    colours: { out: false, err: false },
  }
  const tree = liveTree(io, { verbose: false })
  tree.begin('TLS handshake', 0)
  tree.end(
    { id: 'tls', title: 'TLS handshake', outcome: 'ok', code: 'ok', sentence: 'done', ms: 0, evidence: {}, steps: [] },
    0,
  )
  t.match(written, ['progress ... TLS handshake', 'progress ', /^err ok {3}TLS handshake\n/])
})
