/** Against software nobody here wrote: OpenSSL's s_server and Kamailio, with TLS and with mutual TLS. */
import { spawn, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { faultPki, show } from '../../src/faults/catalogue/fault-pki.ts'
import { identityFiles } from '../../src/check/index.ts'
import { freePort } from '../support/free-port.ts'
import { ownFiles } from '../support/own-folder.ts'
import { checkPort, stepOf } from './check-port.ts'

const pki = faultPki({ now: Date.now() })
const { certificate, key } = show(pki.leaf(), pki.issuing)
const client = show(
  pki.leaf({ commonName: 'peer.lab.test', names: [{ kind: 'dns', value: 'peer.lab.test' }] }),
  pki.issuing,
)
const files = ownFiles(t, {
  'root.pem': pki.root.pem,
  'server.pem': String(certificate),
  'server.key': String(key),
  'client.pem': String(client.certificate),
  'client.key': String(client.key),
})
spawnSync('chmod', ['600', join(files, 'server.key'), join(files, 'client.key')])
const ca = join(files, 'root.pem')
const own = identityFiles(join(files, 'client.pem'), join(files, 'client.key'), 'client.pem', ['peer.lab.test'])

const needs = (program: string): { readonly skip: string | false } => {
  const found = ['/usr/bin', '/usr/sbin', '/usr/local/bin'].some((folder) => existsSync(join(folder, program)))
  return { skip: found ? false : `${program} is not installed: apt-get install ${program}` }
}

/** Starts a server and waits until its port is open. */
async function started(t: Test, program: string, args: readonly string[], port: number): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  t.teardown(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  })
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`)
    if (await isOpen(port)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${program} opened no port: ${said}`)
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

t.test('openssl s_server', needs('openssl'), async (t) => {
  const serve = async (t: Test, ...more: readonly string[]): Promise<number> => {
    const port = await freePort()
    await started(
      t,
      'openssl',
      [
        's_server',
        '-accept',
        `127.0.0.1:${port}`,
        '-cert',
        join(files, 'server.pem'),
        '-cert_chain',
        join(files, 'server.pem'),
        '-key',
        join(files, 'server.key'),
        '-quiet',
        ...more,
      ],
      port,
    )
    return port
  }

  t.test('has a good certificate and speaks no SIP', async (t) => {
    const report = await checkPort(await serve(t), { ca })
    t.match([stepOf(report, 'certificate')?.outcome, report.code], ['ok', 'link.unconfirmed'])
  })

  t.test('that answers like a web server is called one', async (t) => {
    const report = await checkPort(await serve(t, '-www'), { ca, timeoutMs: 2000 })
    t.match([report.code, report.verdict?.found], [/^(sip\.not-sip|link\.unconfirmed)$/, /./])
  })

  t.test('with TLS 1.2 only is told so', async (t) => {
    const report = await checkPort(await serve(t, '-tls1_2'), { ca })
    t.match(
      [stepOf(report, 'tls')?.evidence['protocol'], stepOf(report, 'tls.version.1.3')?.evidence['offered']],
      ['TLSv1.2', false],
    )
  })

  for (const version of ['-tls1_2', '-tls1_3']) {
    t.test(`that demands a certificate (${version}) is told so`, async (t) => {
      const report = await checkPort(await serve(t, version, '-Verify', '1', '-verify_return_error', '-CAfile', ca), {
        ca,
      })
      t.match([report.code, stepOf(report, 'certificate')?.outcome], ['tls.client-cert-missing', 'ok'])
    })
  }

  t.test('that knows another root refuses our certificate with an alert that is named', async (t) => {
    const stranger = faultPki({ now: Date.now() })
    const other = t.testdir({ 'other.pem': stranger.root.pem })
    const report = await checkPort(
      await serve(t, '-tls1_3', '-Verify', '3', '-verify_return_error', '-CAfile', join(other, 'other.pem')),
      { ca, own },
    )
    t.match(stepOf(report, 'client-certificate.own'), {
      outcome: 'failed',
      code: 'tls.peer-refused',
      sentence: /The other end refused our certificate CN=peer\.lab\.test.*alert 48 \(unknown_ca\)/,
      verdict: { whoseCertificate: 'ours', whoRefused: 'them', candidates: [{ code: 'chain.untrusted-root' }] },
    })
  })
})

t.test('Kamailio', needs('kamailio'), async (t) => {
  const serve = async (t: Test, verify: 'no' | 'yes'): Promise<number> => {
    const port = await freePort()
    const folder = t.testdir({ 'kamailio.cfg': configuration(port, verify) })
    await started(
      t,
      'kamailio',
      ['-f', join(folder, 'kamailio.cfg'), '-DD', '-E', '-m', '32', '-M', '4', '-w', folder, '-Y', folder],
      port,
    )
    return port
  }

  t.test('with TLS answers OPTIONS, and every step is well', async (t) => {
    const report = await checkPort(await serve(t, 'no'), { ca })
    t.match(
      [report.ok, stepOf(report, 'sip.options')?.evidence, stepOf(report, 'sip.keep-alive')?.code],
      [true, { status: 200, server: /kamailio/i }, 'ok'],
    )
  })

  t.test('with mutual TLS refuses a client without a certificate', async (t) => {
    const report = await checkPort(await serve(t, 'yes'), { ca })
    t.equal(report.code, 'tls.client-cert-missing')
  })

  t.test('with mutual TLS takes ours, and a stranger is refused', async (t) => {
    const report = await checkPort(await serve(t, 'yes'), {
      ca,
      own,
      probe: true,
      profile: 'federation-peer',
    })
    t.match(
      [
        report.ok,
        stepOf(report, 'client-certificate')?.evidence,
        stepOf(report, 'client-certificate.wrong')?.evidence['refused'],
        stepOf(report, 'sip.options')?.evidence['status'],
      ],
      [true, { demands: true }, true, 200],
    )
  })
})

function configuration(port: number, verify: 'no' | 'yes'): string {
  return `#!KAMAILIO
debug=0
log_stderror=yes
children=1
tcp_children=1
enable_tls=yes
disable_tcp=no
listen=tls:127.0.0.1:${port}
tcp_crlf_ping=yes
loadmodule "tls.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${join(files, 'server.pem')}")
modparam("tls", "private_key", "${join(files, 'server.key')}")
modparam("tls", "ca_list", "${join(files, 'root.pem')}")
modparam("tls", "verify_certificate", ${verify === 'yes' ? 1 : 0})
modparam("tls", "require_certificate", ${verify === 'yes' ? 1 : 0})
request_route {
  sl_send_reply("200", "OK");
}
`
}
