/** `openssl s_client` at the doors of the default lab: no certificate, a good one, and wrong ones. */
import { spawn } from 'node:child_process'
import t from 'tap'
import type { NodeEvent } from '../../../src/node/control/control-api.ts'
import { missing } from '../../support/debian-program.ts'
import { eventsOf } from '../../support/events.ts'
import { fromLab, fromStranger, type CertificateFiles } from '../../support/foreign-certificates.ts'
import { sharedLab, type TestLab } from '../../support/lab.ts'
import { guardMs } from '../../support/guard.ts'
import { until } from '../../support/until.ts'

t.test('openssl s_client against the default lab', { skip: missing('openssl') }, async (t) => {
  const lab = await sharedLab('edge')
  const versions = ['-tls1_2', '-tls1_3'] as const

  for (const version of versions) {
    t.test(`a client without a certificate is served by the front end (${version})`, async (t) => {
      const { stdout, stderr } = await client(lab, {
        node: 'fe1',
        face: 'internal',
        name: 'pool.lab.test',
        options: [version],
      })
      t.match(stdout, /^SIP\/2\.0 200 OK/)
      t.notMatch(stderr, /verify error/)
    })

    t.test(
      'the internal face of the access proxy refuses a client without a certificate, and both ends know why ' +
        `(${version})`,
      async (t) => {
        const { stdout, stderr, since } = await client(lab, {
          node: 'edge',
          face: 'internal',
          name: 'edge.lab.test',
          options: [version],
        })
        t.equal(stdout, '')
        t.match(stderr, version === '-tls1_2' ? /alert number 40\b/ : /alert number 116\b/)
        t.match(await refusals(lab, 'edge', since), [
          { verdict: { code: 'tls.client-cert-missing', direction: 'incoming' } },
        ])
      },
    )

    t.test(
      `a certificate of an unknown CA is refused by the front end, and both ends know why (${version})`,
      async (t) => {
        const shown = fromStranger(t.testdir({}), 'director.lab.test')
        const { stdout, since } = await client(lab, {
          node: 'fe1',
          face: 'internal',
          name: 'pool.lab.test',
          options: [version],
          shown,
        })
        t.equal(stdout, '')
        t.match(await refusals(lab, 'fe1', since), [{ verdict: { code: /^chain\./, direction: 'incoming' } }])
      },
    )
  }

  t.test(
    'a good certificate under a name that is not on the list is refused by the internal face of the access proxy',
    async (t) => {
      const shown = fromLab(lab, t.testdir({}), 'stranger.lab.test')
      const { stdout, since } = await client(lab, {
        node: 'edge',
        face: 'internal',
        name: 'edge.lab.test',
        options: [],
        shown,
      })
      t.equal(stdout, '')
      t.match(await refusals(lab, 'edge', since), [
        { verdict: { code: 'cert.name-not-allowed', certificate: { subject: 'CN=stranger.lab.test' } } },
      ])
    },
  )

  t.test('the same certificate makes a client of the front end, no server', async (t) => {
    const shown = fromLab(lab, t.testdir({}), 'stranger.lab.test')
    const { stdout } = await client(lab, { node: 'fe1', face: 'internal', name: 'pool.lab.test', options: [], shown })
    t.match(stdout, /^SIP\/2\.0 200 OK/)
  })

  t.test('the external face shows the public certificate and asks for none', async (t) => {
    const { stdout, stderr } = await client(lab, {
      node: 'edge',
      face: 'external',
      port: 10443,
      name: 'sip.lab.test',
      options: [],
    })
    t.match(stdout, /^SIP\/2\.0 /)
    t.match(stderr, /CN = sip\.lab\.test|CN=sip\.lab\.test/)
  })

  t.test('nothing older than TLS 1.2 is spoken', async (t) => {
    const { stdout, stderr } = await client(lab, {
      node: 'fe1',
      face: 'internal',
      name: 'pool.lab.test',
      options: ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'],
    })
    t.equal(stdout, '')
    t.match(stderr, /alert protocol version|alert number 70/)
  })
})

interface ClientOptions {
  readonly node: string
  readonly face: 'internal' | 'external'
  readonly port?: number
  /** Verified. */
  readonly name: string
  readonly options: readonly string[]
  readonly shown?: CertificateFiles
}

interface ClientOutcome {
  readonly stdout: string
  readonly stderr: string
  /** When it began, for the event log. */
  readonly since: string
}

/** Sends one OPTIONS; ends with the first answer, or when the server hangs up. */
function client(
  lab: TestLab,
  { node, face, port = 5061, name, options, shown }: ClientOptions,
): Promise<ClientOutcome> {
  const listener = lab
    .node(node)
    .listeners.find((each) => each.face === face && each.port === port && each.transport === 'tls')
  const root = face === 'internal' ? lab.ready.trust.internal : lab.ready.trust.public
  const since = new Date().toISOString()
  const certificate =
    shown === undefined ? [] : ['-cert', shown.certificate, '-cert_chain', shown.certificate, '-key', shown.key]
  const child = spawn('openssl', [
    's_client',
    '-connect',
    `${listener?.address}:${port}`,
    '-servername',
    name,
    '-verify_hostname',
    name,
    '-CAfile',
    root ?? '',
    '-verify_return_error',
    '-quiet',
    ...certificate,
    ...options,
  ])
  return new Promise((done, reject) => {
    let stdout = ''
    let stderr = ''
    const late = setTimeout(() => child.kill(), guardMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (stdout.includes('\r\n\r\n')) child.kill()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject).once('close', () => {
      clearTimeout(late)
      done({ stdout, stderr, since })
    })
    child.stdin.on('error', (error) => (stderr += error.message))
    child.stdin.write(optionsRequest(name))
  })
}

function optionsRequest(host: string): string {
  return (
    `OPTIONS sip:${host} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5099;branch=z9hG4bK${Math.random()}\r\n` +
    'Max-Forwards: 70\r\n' +
    `From: <sip:probe@${host}>;tag=1\r\nTo: <sip:${host}>\r\nCall-ID: ${Math.random()}@probe\r\n` +
    'CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n'
  )
}

/** What that node refused since then: the client may have read the answer before the node has written its event. */
async function refusals(lab: TestLab, node: string, since: string): Promise<readonly NodeEvent[]> {
  let found: readonly NodeEvent[] = []
  await until(async () => {
    found = (await eventsOf(lab, node)).filter(({ event, time }) => event === 'flow.refused' && time >= since)
    return found.length > 0
  })
  return found
}
