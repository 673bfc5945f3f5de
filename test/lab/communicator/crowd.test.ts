/** Two unmodified clients at work while 200 sip.js phones are signed in at the same server, and write to each other. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { siplabBin } from '../../support/command.ts'
import { busySeen, Communicator, noCommunicator } from '../../support/communicator.ts'
import { type TestLab, withLab } from '../../support/lab.ts'
import { ownFiles } from '../../support/own-folder.ts'
import { until } from '../../support/until.ts'

const phones = 200
/** Presence is seen, and a message arrives, within this time. */
const mostMs = 2000

const home = `name: crowd
about: One Standard Edition server of 2007.
profile: ocs2007
authentication: { ntlm: on }
domain: lab.test
hosts: { se: { role: standard-edition } }
users:
  alice: { password: alice-2005, home: se }
  bob: { password: bob-2005, home: se }
`

t.test(`two Communicators beside ${phones} phones`, { skip: noCommunicator }, async (t) => {
  const lab = await withLab(t, join(ownFiles(t, { 'crowd.yaml': home }), 'crowd.yaml'))
  const crowd = await crowdOf(t, lab)
  const [alice, bob] = [client(t, lab, 'alice'), client(t, lab, 'bob')]
  await Promise.all([alice.wait('signed-on'), bob.wait('signed-on')])
  await alice.wait('buddy-list')
  alice.send({ cmd: 'add-buddy', who: 'bob@lab.test', group: 'Work' })
  await alice.wait('presence', { who: 'sip:bob@lab.test', presence: { online: true } })

  const talking = crowd.talk()
  const took: number[] = []
  for (let at = 0; at < 10; at += 1) {
    const text = `hello ${at}`
    const [from, to, name] = at % 2 === 0 ? [alice, bob, 'bob'] : [bob, alice, 'alice']
    const began = performance.now()
    from.send({ cmd: 'im', to: `${name}@lab.test`, text })
    await to.wait('im-received', { text })
    took.push(performance.now() - began)
  }
  const presence = await busySeen(alice, { client: bob, address: 'bob@lab.test' })
  const words = `messages ${Math.round(Math.max(...took))} ms at most, presence ${Math.round(presence)} ms`
  t.comment(`beside ${phones} phones: ${words}`)
  t.ok(Math.max(...took, presence) < mostMs, words)
  t.same([await talking, await alice.quit(), await bob.quit()], [crowd.messages, 0, 0])
})

/** `siplab phone --count 200`, signed in; each writes to the next when it is told to. */
async function crowdOf(t: Test, lab: TestLab) {
  const args = [siplabBin, 'phone', '--count', String(phones), '--inside', '--json', '--data', lab.data]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  t.teardown(async () => {
    child.kill('SIGINT')
    await ended
  })
  let signedIn = 0
  let sent = 0
  createInterface(child.stdout).on('line', (line) => {
    const event = JSON.parse(line) as { readonly event: string; readonly signedIn?: number; readonly status?: number }
    if (event.event === 'crowd') signedIn = event.signedIn ?? 0
    if (event.event === 'sent' && event.status === 200) sent += 1
  })
  await until(() => signedIn === phones)
  return {
    messages: phones,
    async talk(): Promise<number> {
      for (let at = 1; at <= phones; at += 1) {
        const to = `sip:crowd-${(at % phones) + 1}@lab.test`
        child.stdin.write(`${JSON.stringify({ do: 'message', to, text: 'hello', phone: at })}\n`)
      }
      await until(() => sent === phones)
      return sent
    },
  }
}

function client(t: Test, lab: TestLab, user: string): Communicator {
  const { fqdn, listeners } = lab.node('se')
  const listener = listeners.find(({ transport }) => transport === 'tcp')
  if (listener === undefined) throw new Error('se has no TCP listener')
  return new Communicator(t, lab, {
    user,
    server: `${fqdn}:${listener.port}`,
    transport: 'tcp',
    resolve: [`${fqdn}=${listener.address}`],
  })
}
