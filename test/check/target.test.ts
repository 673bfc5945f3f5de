import t from 'tap'
import { readTarget, TargetError } from '../../src/check/index.ts'

const good: readonly (readonly [string, object])[] = [
  ['sip:alice@lab.test', { kind: 'domain', domain: 'lab.test', user: 'alice' }],
  ['sips:alice@LAB.test', { kind: 'domain', domain: 'lab.test', user: 'alice' }],
  ['lab.test', { kind: 'domain', domain: 'lab.test' }],
  ['lab.test.', { kind: 'domain', domain: 'lab.test' }],
  ['fe1.lab.test:5061', { kind: 'host', host: 'fe1.lab.test', port: 5061 }],
  ['192.0.2.1', { kind: 'host', host: '192.0.2.1', port: undefined }],
  ['192.0.2.1:443', { kind: 'host', host: '192.0.2.1', port: 443 }],
  ['[2001:db8::1]:5061', { kind: 'host', host: '2001:db8::1', port: 5061 }],
  ['münchen.test', { kind: 'domain', domain: 'xn--mnchen-3ya.test' }],
  ['sip:alice@MÜNCHEN.test', { kind: 'domain', domain: 'xn--mnchen-3ya.test', user: 'alice' }],
  ['bücher.test.:5061', { kind: 'host', host: 'xn--bcher-kva.test', port: 5061 }],
  ['2001:db8::1', { kind: 'host', host: '2001:db8::1', port: undefined }],
]

for (const [text, target] of good) t.test(`${text} is a target`, async (t) => t.same(readTarget(text), target))

for (const text of [
  '',
  'sip:',
  'lab.test:0',
  'lab.test:70000',
  'https://lab.test',
  'a b',
  'ü b.test',
  '*.ü.test',
  '-x',
  'lab.test:5061;transport=tcp',
]) {
  t.test(`${JSON.stringify(text)} is none`, async (t) => t.throws(() => readTarget(text), TargetError))
}
