#!/usr/bin/env node
// Keeps the keys of a lab as secrets of a Kubernetes namespace: `siplab-secrets edge-pool /run/siplab sql:5432/siplab`. Runs in
// the job `certs` (siplab plan --format kubernetes), with the service account of its pod. Plain JavaScript on its own,
// as siplab-healthy: it needs nothing of siplab.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'

const [lab = '', data = '/data', store = '', account = '/var/run/secrets/kubernetes.io/serviceaccount'] =
  process.argv.slice(2)
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT_HTTPS: port = '443' } = process.env

/** The files of a folder as one; `without` are names on its top level. */
function packed(folder, ...without) {
  const but = without.map((name) => `--exclude=./${name}`)
  return execFileSync('tar', ['-C', folder, ...but, '-cf', '-', '.'], { maxBuffer: 1 << 24 })
}

function secret(name, files) {
  const data = Object.fromEntries(Object.entries(files).map(([file, content]) => [file, content.toString('base64')]))
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: `${lab}-${name}` }, type: 'Opaque', data }
}

/** Resolves with the status, for every one that is expected; rejects with what the API server said. */
function ask(method, path, type, body, expected) {
  const read = (file) => readFileSync(join(account, file))
  const namespace = read('namespace').toString().trim()
  const headers = { authorization: `Bearer ${read('token').toString().trim()}`, 'content-type': type }
  const options = {
    host,
    port,
    method,
    path: `/api/v1/namespaces/${namespace}/secrets${path}`,
    headers,
    timeout: 10_000,
  }
  return new Promise((resolve, reject) => {
    const call = request({ ...options, ca: read('ca.crt') }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => {
        if (expected.includes(response.statusCode)) return resolve(response.statusCode)
        reject(new Error(`${method} ${options.path}: ${response.statusCode} ${text.slice(0, 300)}`))
      })
    })
    call.on('timeout', () => call.destroy(new Error(`no answer of ${host}:${port} in 10 s`)))
    call.on('error', reject)
    call.end(JSON.stringify(body))
  })
}

/** What is there is replaced: the job unpacked it before, and it is the same but for what was missing. */
async function apply(name, files) {
  const body = secret(name, files)
  const path = `/${body.metadata.name}?fieldManager=siplab&force=true`
  await ask('PATCH', path, 'application/apply-patch+yaml', body, [200, 201])
  process.stdout.write(`secret ${body.metadata.name} holds ${Object.keys(files).join(', ')}\n`)
}

/** The database has taken its password: one that is there stays. */
async function create(name, files) {
  const body = secret(name, files)
  const status = await ask('POST', '?fieldManager=siplab', 'application/json', body, [201, 409])
  process.stdout.write(`secret ${body.metadata.name} ${status === 409 ? 'stays' : 'is made'}\n`)
}

async function main() {
  if (host === undefined) throw new Error('wanted KUBERNETES_SERVICE_HOST, found none: this runs in a pod of a cluster')
  const [pki, nodes] = [join(data, 'pki'), join(data, 'nodes')]
  if (existsSync(pki)) {
    await apply('authority', { 'node.tar': packed(pki) })
    await apply('pki', { 'node.tar': packed(pki, 'private') })
  }
  for (const node of existsSync(nodes) ? readdirSync(nodes) : [])
    await apply(node, { 'node.tar': packed(join(nodes, node)) })
  const password = randomBytes(16).toString('hex')
  const url = `postgres://siplab:${password}@${store}`
  await create('store', { password: Buffer.from(password), url: Buffer.from(url) })
}

main().catch((error) => {
  process.stderr.write(`siplab-secrets: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
