import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { testCa } from '../../support/openssl-certificates.ts'

const program = join(import.meta.dirname, '../../../src/cli/siplab-secrets.mjs')

interface Asked {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly authorization: string | undefined
  readonly type: string | undefined
  readonly body: { readonly metadata: { readonly name: string }; readonly data: Readonly<Record<string, string>> }
}

t.test('the job that keeps keys as secrets', async (t) => {
  const folder = t.testdir({
    data: {
      pki: { 'internal-root.pem': 'root', private: { 'internal-root.key': 'SECRET OF THE AUTHORITY' } },
      nodes: { fe1: { 'organisation.key': 'shared', certificates: { 'fe1-listener.key': 'KEY OF FE1' } } },
    },
    account: { token: 'token-of-the-job\n', namespace: 'edge-pool' },
  })
  const ca = testCa(folder)
  const { certificate, key } = ca.leaf('localhost', { sans: ['localhost'] })
  writeFileSync(join(folder, 'account', 'ca.crt'), ca.root)
  const asked: Asked[] = []
  let held = false
  const server = createServer({ cert: certificate, key }, (request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      asked.push({
        method,
        url,
        authorization: headers.authorization,
        type: headers['content-type'],
        body: JSON.parse(text),
      })
      response.writeHead(held ? 409 : 201).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())

  const run = async (): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
    const child = spawn(
      process.execPath,
      [program, 'edge-pool', join(folder, 'data'), 'sql:5432/siplab', join(folder, 'account')],
      {
        env: {
          ...process.env,
          KUBERNETES_SERVICE_HOST: 'localhost',
          KUBERNETES_SERVICE_PORT_HTTPS: String((server.address() as AddressInfo).port),
        },
      },
    )
    const told = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (told.out += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (told.err += chunk))
    const [code] = await once(child, 'close')
    return { code, ...told }
  }
  const tar = ({ body }: Asked): string => Buffer.from(body.data['node.tar'] ?? '', 'base64').toString('latin1')
  const of = (name: string): Asked => {
    const found = asked.find(({ body }) => body.metadata.name === name)
    if (found === undefined) throw new Error(`no request for ${name}`)
    return found
  }

  await t.test('asks the API server of its namespace, with the token of its account', async (t) => {
    t.match(await run(), { code: 0 })
    t.match(of('edge-pool-fe1'), {
      method: 'PATCH',
      url: '/api/v1/namespaces/edge-pool/secrets/edge-pool-fe1?fieldManager=siplab&force=true',
      authorization: 'Bearer token-of-the-job',
      type: 'application/apply-patch+yaml',
    })
  })

  await t.test('gives a node its own keys', async (t) => {
    t.match(tar(of('edge-pool-fe1')), /KEY OF FE1/)
  })

  await t.test('keeps the keys of the authorities out of what the PKI host serves', async (t) => {
    t.match(tar(of('edge-pool-authority')), /SECRET OF THE AUTHORITY/)
    t.notMatch(tar(of('edge-pool-pki')), /SECRET OF THE AUTHORITY/)
  })

  await t.test('makes the password of the database, and the address with it', async (t) => {
    const { data } = of('edge-pool-store').body
    const text = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString()
    t.match(text('password'), /^[0-9a-f]{32}$/)
    t.equal(text('url'), `postgres://siplab:${text('password')}@sql:5432/siplab`)
  })

  await t.test('ends with 1 and what the API server said when that refuses', async (t) => {
    held = true
    t.match(await run(), { code: 1, err: /PATCH .*secrets\/edge-pool-authority\?.*: 409/ })
  })
})
