/** `siplab check --targets`: the file, the reports, and the pages, against servers in this process. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { main } from '../../src/cli/main.ts'
import { readListen } from '../../src/cli/listen.ts'
import { readTargets } from '../../src/check/targets.ts'
import { faultPki, show } from '../../src/faults/catalogue/fault-pki.ts'
import { runInProcess, testIo } from '../support/cli.ts'
import { ownFiles } from '../support/own-folder.ts'
import { faultServer } from '../support/sip-server.ts'

const pki = faultPki({ now: Date.now() })
const own = show(pki.leaf({ commonName: 'me.lab.test', names: [{ kind: 'dns', value: 'me.lab.test' }] }), pki.issuing)
const folder = ownFiles(t, {
  'root.pem': pki.root.pem,
  'me.pem': String(own.certificate),
  'me.key': String(own.key),
})
chmodSync(join(folder, 'me.key'), 0o600)

/** A good server, listed with a certificate of ours, and a port where nothing listens. */
async function targets(t: Test): Promise<{ readonly good: string; readonly file: string }> {
  const server = await faultServer(pki, pki.good(), 'server')
  t.teardown(() => server.close())
  const good = `127.0.0.1:${server.port}`
  const file = join(folder, `targets-${server.port}.yaml`)
  const name = pki.good().wantedName
  writeFileSync(
    file,
    `- { target: '${good}', profile: sbc, name: ${name}, ca: root.pem, cert: me.pem, key: me.key }\n- 127.0.0.1:9\n`,
  )
  return { good, file }
}

t.test('a file of targets', async (t) => {
  t.test('lists names, or names with options whose paths begin at the file', async (t) => {
    t.strictSame(readTargets('- a:5061\n- { target: b, ca: r.pem, key: k }\n', '/etc/siplab/t.yaml'), [
      { target: 'a:5061', options: {} },
      { target: 'b', options: { ca: ['/etc/siplab/r.pem'], key: '/etc/siplab/k' } },
    ])
  })

  t.test('with a key nobody knows, or a target twice, is refused with its line', async (t) => {
    t.throws(() => readTargets('- a\n- { target: b, cret: x }\n', 't.yaml'), /t[.]yaml:2: .*cret/)
    t.throws(() => readTargets('- a\n- b\n- a\n', 't.yaml'), /t[.]yaml:3: .*each target once/)
    t.throws(() => readTargets('a:5061\n', 't.yaml'), /t[.]yaml:1: /)
  })
})

t.test('without --listen every target is checked once, and one failure is exit status 1', async (t) => {
  const { good, file } = await targets(t)
  const { status, out } = await runInProcess(['check', '--targets', file, '--json'], folder)
  const { targets: reports } = JSON.parse(out) as { targets: { target: string; code: string; severity: string }[] }
  t.strictSame(
    [status, reports.map(({ target, code, severity }) => [target, code, severity])],
    [
      1,
      [
        [good, 'ok', reports[0]?.severity],
        ['127.0.0.1:9', 'link.refused', 'critical'],
      ],
    ],
  )
})

t.test('CSV has one row a step, with severity, and no cell is a formula', async (t) => {
  const { file } = await targets(t)
  const { out } = await runInProcess(['check', '--targets', file, '--report', 'csv'], folder)
  const [head, ...rows] = out.trimEnd().split('\r\n')
  t.match(head, '"target","profile","at","step","title","outcome","severity","code"')
  t.ok(rows.some((row) => /"tcp",.*"failed","critical","link\.refused"/.test(row)))
  t.ok(rows.every((row) => !/(?:^|,)"[=+@-]/.test(row)))
})

/** `check --targets --listen 0` until the test ends. */
async function listening(t: Test, file: string): Promise<string> {
  const up = Promise.withResolvers<string>()
  const { io } = testIo(folder)
  let interrupt = (): void => undefined
  const ended = main(['check', '--targets', file, '--listen', '0', '--every', '1h', '--json'], {
    ...io,
    out: (text) => up.resolve(text),
    onInterrupt(callback) {
      interrupt = () => callback('SIGINT')
      return () => undefined
    },
  })
  void ended.then((status) => up.reject(new Error(`ended with ${status}`)))
  const { urls } = JSON.parse(await up.promise) as { urls: readonly string[] }
  t.teardown(() => {
    interrupt()
    return ended
  })
  return new URL(urls[0] ?? '').origin
}

t.test('served to Prometheus', async (t) => {
  const { good, file } = await targets(t)
  const base = await listening(t, file)
  const probe = (target: string): Promise<Response> => fetch(`${base}/probe?target=${encodeURIComponent(target)}`)

  t.test('a probe checks its target now: chain, own certificate, handshake, OPTIONS', async (t) => {
    const response = await probe(good)
    const text = await response.text()
    t.match(response.headers.get('content-type'), 'text/plain; version=0.0.4')
    t.match(text, `siplab_check_ok{target="${good}"} 1\n`)
    const left = [...text.matchAll(/days_left\{.*whose="(\w+)",position="(\d)".*\} ([\d.]+)/g)]
    t.strictSame(
      left.map(([, whose, position]) => [whose, position]),
      [
        ['theirs', '0'],
        ['theirs', '1'],
        ['theirs', '2'],
        ['ours', '0'],
        ['ours', '1'],
        ['ours', '2'],
      ],
    )
    t.ok(left.every(([, , , days]) => Number(days) > 0))
    for (const what of ['handshake', 'options']) {
      const [, seconds] = new RegExp(`${what}_seconds\\{.*\\} ([\\d.e-]+)\\n`).exec(text) ?? []
      t.ok(Number(seconds) > 0, `${what}: ${seconds} s`)
    }
  })

  t.test('a probe of a dead target says why', async (t) => {
    t.match(
      await (await probe('127.0.0.1:9')).text(),
      'siplab_check_verdict{target="127.0.0.1:9",code="link.refused"} 1\n',
    )
  })

  t.test('/metrics has the last result of each', async (t) => {
    const text = await (await fetch(`${base}/metrics`)).text()
    t.match(text, `siplab_check_ok{target="${good}"} 1\n`)
    t.match(text, 'siplab_check_ok{target="127.0.0.1:9"} 0\n')
  })

  t.test('another target, another page and another method are refused', async (t) => {
    const answers = await Promise.all([
      probe('169.254.169.254:80'),
      fetch(`${base}/etc/passwd`),
      fetch(`${base}/metrics`, { method: 'POST', body: 'x' }),
    ])
    t.strictSame(
      answers.map(({ status }) => status),
      [404, 404, 405],
    )
  })
})

t.test('--listen', async (t) => {
  t.test('is on loopback unless an address is written', async (t) => {
    t.strictSame(
      ['9115', ':9115', '0.0.0.0:9115', '[::]:9115'].map((text) => readListen(text).host),
      ['127.0.0.1', '127.0.0.1', '0.0.0.0', '::'],
    )
  })

  t.test('with anything else is a usage error that names what is wanted', async (t) => {
    for (const text of ['', 'a', '70000', 'example.com:1', '1.2.3:80', '::1:80'])
      t.throws(() => readListen(text), /wanted PORT/, text)
  })

  t.test('without --targets is a usage error', async (t) => {
    const { status, err } = await runInProcess(['check', 'fe1', '--listen', '0'], folder)
    t.match([status, err], [2, /need --targets FILE/])
  })
})
