/** A voice service calls its trunks back: what one OPTIONS that was cut off tells. */
import t from 'tap'
import { Trunks } from '../../../src/node/voice-service/trunks.ts'
import { UserAgentError } from '../../../src/sip/user-agent/index.ts'
import { loadTopology } from '../../../src/topology/load.ts'
import { nodePlan, planLab } from '../../../src/topology/plan.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const plan = nodePlan(planLab(loadTopology('trunk')), 'voice')

/** A trunk that has shown itself; each OPTIONS to it ends as the next of `ends` says. */
async function calledBack(...ends: readonly (number | string)[]): Promise<{
  readonly trunks: Trunks
  readonly told: readonly string[]
  readonly asked: () => number
}> {
  const told: string[] = []
  let asked = 0
  const trunks = new Trunks({
    plan,
    clock: new FakeClock(),
    names: [['fe1.lab.test', 'pool.lab.test']],
    who: { byName: () => 'fe1', byAddress: () => 'fe1' },
    recorder: { record: (event) => void told.push(event) },
    ask: (uri) => {
      const end = ends[asked++]
      return typeof end === 'number'
        ? Promise.resolve({ status: end })
        : Promise.reject(new UserAgentError(end ?? 'peer.silent', `OPTIONS ${uri} was not answered: ${end}`))
    },
  })
  const trunk = trunks.named('fe1.lab.test')
  if (trunk === undefined) throw new Error('the gateway knows no trunk fe1.lab.test')
  trunks.greeted(trunk, 'sip:fe1.lab.test:5061;transport=tls')
  await trunks.probeNow()
  return { trunks, told, asked: () => asked }
}

t.test('an OPTIONS whose connection this node closed to dial anew is sent once more', async (t) => {
  const { trunks, told } = await calledBack('redialled', 200)
  t.match(trunks.links, [{ peer: 'fe1.lab.test', state: 'up' }])
  t.strictSame(told, ['link.up'])
})

t.test('it is sent no third time', async (t) => {
  const { trunks, asked } = await calledBack('redialled', 'redialled', 200)
  t.match(trunks.links, [{ state: 'down', verdict: { code: 'link.reset', link: 'voice->fe1' } }])
  t.equal(asked(), 2)
})

t.test('a connection that the trunk closes is a word of the trunk', async (t) => {
  const { trunks, asked } = await calledBack('peer-closed', 200)
  t.match(trunks.links, [{ state: 'down' }])
  t.equal(asked(), 1)
})
