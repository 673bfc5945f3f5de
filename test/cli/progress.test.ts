/** The line of progress on a terminal. */
import t from 'tap'
import { liveTree } from '../../src/cli/check-text.ts'
import { fromVerdict } from '../../src/check/step.ts'
import { verdict } from '../../src/verdicts/codes.ts'
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

t.test('a finding that does not prove its code names what else shows itself so', async (t) => {
  const written: string[] = []
  const tree = liveTree(
    { err: (text) => void written.push(text), colours: { out: false, err: false } },
    { verbose: false },
  )
  const found = verdict('tls.alert', { found: 'alert 40' })
  const candidates = [
    { code: 'tls.alert', why: 'it says so' },
    { code: 'key.mismatch', why: 'a server without a key fits no offer' },
  ] as const
  tree.end({ ...fromVerdict({ ...found, candidates }), id: 'tls', title: 'TLS handshake', ms: 0, steps: [] }, 0)
  t.match(written.join(''), /^ {5}perhaps key\.mismatch: a server without a key fits no offer$/m)
  t.notMatch(written.join(''), /perhaps tls\.alert/)
})
