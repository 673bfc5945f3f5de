/** A call and a broken link of the default lab, read from what its nodes have kept. */
import t from 'tap'
import { sharedLab } from '../../support/lab.ts'
import { phoneOf } from '../../support/phones.ts'

t.test('what passed is read afterwards', async (t) => {
  const lab = await sharedLab('edge')
  const alice = phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })
  const carol = phoneOf(t, lab, 'carol', { at: 'fe1', transport: 'tls' })
  await alice.signIn()
  await carol.signIn()
  await alice.message(carol.uri, 'kept')
  const trace = async (...args: readonly string[]) => (await lab.run('trace', '--since', '1h', ...args)).stdout

  t.test('a message as a ladder, from user to user by every node', async (t) => {
    const all = await trace('--user', 'alice', '--method', 'MESSAGE', '--format', 'jsonl')
    const sent = all.split('\n').find((line) => line.includes('\\r\\n\\r\\nkept')) ?? ''
    const [, call = ''] = /Call-ID: ([^\\]+)\\r/.exec(sent) ?? []
    const out = await trace('--call', call, '--format', 'ladder')
    t.match(out, /^ +alice +.*edge +director +fe1/m)
    t.match(out, /200 (OK|MESSAGE)/)
  })

  t.test('without any password or proof of it', async (t) => {
    const out = await trace('--method', 'REGISTER', '--format', 'jsonl')
    t.match(out, /Authorization: Digest [^\r]*response=\\"\*\*\*\\"/)
    t.notMatch(out, /response=\\"[0-9a-f]/)
  })

  t.test('the handshakes of the links, with both certificates', async (t) => {
    const out = await trace('--format', 'text')
    t.match(out, /TLS handshake\n {4}certificate of director, which dials: CN=director\.lab\.test, issuer /)
  })
})
