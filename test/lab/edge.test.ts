import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { LabChange } from '../../src/lab/ready-document.ts'
import type { NodeEvent } from '../../src/node/control/control-api.ts'
import { isAlive } from '../support/is-alive.ts'
import { withLab } from '../support/lab.ts'

t.test('the default lab', async (t) => {
  const lab = await withLab(t, 'edge')

  t.test('is ready, with every field of the contract', async (t) => {
    t.match(lab.ready, {
      event: 'ready',
      topology: 'edge',
      domain: 'lab.test',
      profile: 'lcs2005',
      data: lab.data,
      dns: { internal: { port: 10053 }, external: { port: 10053 } },
      users: [{ uri: 'sip:alice@lab.test', login: 'alice', home: 'pool.lab.test', remote: true }],
    })
    t.match(lab.node('fe1'), {
      role: 'front-end',
      fqdn: 'fe1.lab.test',
      pid: Number,
      listeners: [{ face: 'internal', transport: 'tls', port: 5061, mutual: 'requested' }, {}, {}],
    })
    t.ok(existsSync(lab.ready.trust.internal ?? '') && existsSync(lab.ready.trust.public ?? ''), 'the roots are files')
    t.equal(lab.ready.verdicts, undefined)
  })

  t.test('keeps the control socket and the event file of each node to itself', async (t) => {
    const node = join(lab.data, 'nodes', 'fe1')
    t.equal(statSync(join(node, 'control.sock')).mode & 0o777, 0o600)
    t.equal(statSync(join(node, 'events.jsonl')).mode & 0o777, 0o600)
  })

  t.test('shows every node as ready', async (t) => {
    const { nodes } = await lab.json<{ readonly nodes: readonly { readonly name: string; readonly state: string }[] }>(
      'status',
    )
    t.strictSame(
      nodes.map(({ name, state }) => `${name} ${state}`),
      ['dns ready', 'pki ready', 'fe1 ready', 'director ready', 'edge ready'],
    )
  })

  t.test('refuses a second up in the same folder', async (t) => {
    t.match(await lab.run('up', 'edge'), { status: 2, stderr: /already runs in .* siplab down/ })
  })

  t.test('names the end of a node with its cause, and the way back', async (t) => {
    await lab.json('certs', 'trial', 'director', '--valid', '10s', '--assign')
    t.match(await lab.change(stopped('director')), {
      exit: 1,
      verdict: { code: 'cert.expired', windows: { hresult: '0x800B0101' } },
    })
    t.match(await lab.run('status'), {
      status: 1,
      stdout: /director +director +stopped +\S+ +exit 1: The certificate CN=director.lab.test has expired/,
    })
    t.match(await lab.run('node', 'start', 'director'), { status: 1 }, 'it starts and ends again')
    t.match(
      await lab.run('settings', 'director', 'security'),
      { status: 1, stderr: /cannot be opened/ },
      'the Security tab does not open',
    )
    t.match(await lab.run('unassign', 'director', 'listener'), { status: 1 }, 'nothing can be taken away')
    const { certificate } = await lab.json<{ readonly certificate: { readonly name: string } }>(
      'certs',
      'trial',
      'director',
      '--valid',
      '1h',
    )
    for (const reference of ['listener', 'default-outgoing'])
      await lab.run('assign', 'director', reference, certificate.name, '--force')
    t.match(await lab.run('node', 'start', 'director'), { status: 0, stdout: /ready/ })
  })

  t.test('ends with its supervisor, and says so', async (t) => {
    const pids = lab.ready.nodes.flatMap(({ pid }) => pid ?? [])
    t.equal(await lab.stop(), 0)
    t.strictSame(pids.filter(isAlive), [])
    t.match(await lab.run('status', '--json'), { status: 1 })
    t.match(await lab.run('down'), { status: 0, stdout: /was not running/ })
    const events = (await lab.run('events', 'fe1', '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as NodeEvent)
    t.equal(events.at(-1)?.event, 'service.stopped', 'the events are there after the end')
  })
})

function stopped(node: string): (change: LabChange) => boolean {
  return (change) => change.event === 'node-stopped' && change.node === node
}
