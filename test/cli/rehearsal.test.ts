/** `siplab up --peer PEER --on DAY`: the lab file that is written, and what is refused before anything starts. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { rehearse } from '../../src/cli/rehearsal.ts'
import { chooseTopology } from '../../src/cli/topology-options.ts'
import { planLab } from '../../src/topology/plan.ts'
import { runInProcess, testIo } from '../support/cli.ts'

t.test('the gateway plays the peer: its rules, TLS versions, suites and own purposes', async (t) => {
  const folder = t.testdir({})
  const { io, said } = testIo(folder)
  const data = join(folder, '.siplab', 'trunk')
  const chosen = rehearse(io, chooseTopology(io, 'trunk'), data, { peer: 'teams-direct-routing', on: '2027-03-15' })
  const plan = planLab(chosen.topology)
  const voice = plan.nodes.find(({ name }) => name === 'voice')
  t.match(voice?.settings, {
    plays: { peer: 'teams-direct-routing', on: '2027-03-15', rules: { wantsClientAuth: false } },
  })
  t.match(voice?.certificates, [{ request: { purposes: ['serverAuth'], keyType: 'rsa2048' } }])
  t.match(said(), /voice acts as Microsoft Teams Direct Routing with the rules of 2027-03-15/)
  t.ok(existsSync(`${data}.rehearsal.yaml`))
})

t.test('what is not known is named', async (t) => {
  const folder = t.testdir({})
  const { io, said } = testIo(folder)
  rehearse(io, chooseTopology(io, 'trunk'), join(folder, 'trunk'), { peer: 'zoom' })
  t.match(said(), /Rules that are not known and therefore not applied: .*clientAuth/)
  t.match(said(), /Known rules that a gateway cannot apply: .*showsRoots/)
})

t.test('wrong usage starts nothing', async (t) => {
  const folder = t.testdir({})
  for (const [args, message] of [
    [['trunk', '--peer', 'nobody'], /--peer: wanted a known name, found "nobody"; all \d+: docs\/policies\.md/],
    [['trunk', '--on', '2027-03-15'], /--on needs --peer PEER/],
    [['trunk', '--peer', 'zoom', '--on', 'soon'], /--on: wanted a day such as 2027-03-15/],
    [['edge', '--peer', 'zoom'], /wanted a lab with a gateway, such as trunk; edge has none/],
    [['trunk', '--peer', 'five9', '--on', '2025-01-01'], /2025-12-09 or later: nothing is known before/],
  ] as const)
    t.match(await runInProcess(['up', ...args], folder), { status: 2, err: message })
})

t.test('a lab in the background has no console of its own', async (t) => {
  const folder = t.testdir({})
  const { status, err } = await runInProcess(['up', 'edge', '--console', '--detach'], folder)
  t.equal(status, 2)
  t.match(err, /run siplab console/)
})
