import t from 'tap'
import { findVerdictCode } from '../../src/certificates/verdict-codes.ts'
import { findWindowsCode } from '../../src/certificates/windows-codes.ts'
import { explain } from '../../src/lab/decode.ts'

const decode = (text: string) => explain(text, { windows: findWindowsCode, verdict: findVerdictCode })

t.test('an event text gives up its code and its serial in both orders', async (t) => {
  const found = decode(
    'A configured certificate could not be loaded from store. Serial number: 2BC39559B72F70F684488A8713467C6A. ' +
      'Extended Error Code: 0x800B0101.',
  )
  t.match(found, [
    { kind: 'windows', name: 'CERT_E_EXPIRED' },
    { kind: 'serial', reversed: '6A7C4613878A4884F6702FB75995C32B' },
  ])
})

t.test('an HRESULT is known as hex, as a signed number and by name', async (t) => {
  for (const text of ['0x80090322', '80090322', '-2146893022', 'SEC_E_WRONG_PRINCIPAL'])
    t.match(decode(text), [{ kind: 'windows', hresult: '0x80090322' }], text)
})

t.test('an ms-diagnostics value is taken apart', async (t) => {
  const [found] = decode(
    'ms-diagnostics: 1010;reason="Certificate trust failed";source="edge.lab.test";ErrorCode="0x80090322"',
  )
  t.match(found, {
    kind: 'ms-diagnostics',
    id: 1010,
    parameters: { source: 'edge.lab.test', reason: 'Certificate trust failed' },
    lines: [/SIP stack/],
  })
})

t.test('a verdict code and an event number are explained', async (t) => {
  t.match(decode('cert.name-mismatch'), [{ kind: 'verdict', code: 'cert.name-mismatch' }])
  t.match(decode('Event ID: 14428'), [{ kind: 'event', id: 14428 }])
})

t.test('an event number nobody documented stays unexplained', async (t) => {
  t.strictSame(decode('Event ID: 14999'), [])
  t.strictSame(decode(''), [])
})

t.test('a long hostile text is bounded', async (t) => {
  t.ok(decode('0x800B0101 '.repeat(100_000)).length <= 64)
  t.ok(decode(`${'ab:'.repeat(60_000)}`).length <= 64)
})
