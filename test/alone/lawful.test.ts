/** Debian's phones and sip.js on the labs of the law: whatever they do is lawful, so nothing of it may be refused. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { missing } from '../support/debian-program.ts'
import { baresip, linphone, noLinphone, type DebianPhone, type PhoneAccount } from '../support/debian-phones.ts'
import { callRound, surviveRound, transferRound, writeRound, type Parties } from '../support/lawful.ts'
import { kamailioPartner } from '../support/kamailio-partner.ts'
import { ownFolder } from '../support/own-folder.ts'
import { withLab, type TestLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'

const folder = ownFolder(t)

function account(lab: TestLab, topology: string, login: string, peer: string): PhoneAccount {
  const { dns, trust, users } = lab.ready
  const password = users.find((user) => user.login === login)?.password ?? ''
  const common = { login, password, peer: `sip:${peer}@lab.test`, folder: join(folder, topology, login) }
  const dnsAt = (side: 'external' | 'internal'): string => `${dns[side].address}:${dns[side].port}`
  if (topology === 'standard') {
    // By name: Linphone sends an answer to the name in Via, and with an address here that is another connection of
    // someone who did not sign in on it (RFC 3261 §18.2.2 wants the connection of the request).
    return { ...common, proxy: 'se.lab.test:5060', transport: 'tcp', dns: dnsAt('internal') }
  }
  if (topology === 'pool')
    return {
      ...common,
      proxy: 'pool.lab.test:5061',
      dns: dnsAt('internal'),
      root: trust.internal ?? '',
      flow: 'watched',
    }
  return { ...common, proxy: 'sip.lab.test:10443', dns: dnsAt('external'), root: trust.public ?? '', flow: 'watched' }
}

/** The profile of `federation` challenges with SHA-256, which Debian's baresip does not know (RFC 7616). */
function bobOf(t: Test, of: PhoneAccount, topology: string): Promise<DebianPhone> {
  return topology === 'federation' ? linphone(t, of) : baresip(t, of)
}

/** What it writes to a phone that is not back is given up soon, and written again. */
const thirds = { autoAnswer: true, answerMs: 10_000 } as const

async function parties(t: Test, lab: TestLab, topology: string): Promise<Parties> {
  const one = await linphone(t, account(lab, topology, 'alice', 'bob'))
  const other = await bobOf(t, account(lab, topology, 'bob', 'alice'), topology)
  const at = { standard: 'se', edge: 'fe1', federation: 'fe1', pool: 'pool' }[topology] ?? ''
  const third = phoneOf(t, lab, 'carol', { at, transport: topology === 'standard' ? 'tcp' : 'tls', ...thirds })
  await Promise.all([one.signedIn(), other.signedIn(), third.signIn()])
  return {
    one: { phone: one, uri: 'sip:alice@lab.test' },
    other: { phone: other, uri: 'sip:bob@lab.test' },
    third,
  }
}

async function workday(t: Test, lab: TestLab, all: Parties, victims: readonly string[]): Promise<void> {
  await t.test('call', (t) => callRound(t, all))
  await t.test('write', (t) => writeRound(t, all, 'before'))
  await t.test('transfer', (t) => transferRound(t, all))
  for (const victim of victims)
    await t.test(`go on when ${victim} was killed`, (t) =>
      surviveRound(t, all, victim, async () => {
        await lab.kill(victim)
        await lab.run('node', 'start', victim)
      }),
    )
}

const wanted = process.argv.slice(2)
const victims = { standard: ['se'], edge: ['director', 'edge'], federation: ['fe1'], pool: ['fe1'] } as const

for (const topology of ['standard', 'edge', 'federation', 'pool'] as const) {
  if (wanted.length > 0 && !wanted.includes(topology)) continue
  t.test(`phones on the lab ${topology}`, { skip: missing('baresip') || noLinphone() }, async (t) => {
    const lab = await withLab(t, topology)
    const all = await parties(t, lab, topology)
    await workday(t, lab, all, victims[topology])
  })
}

if (wanted.length === 0 || wanted.includes('partner'))
  t.test('a partner that runs Kamailio', { skip: missing('kamailio') || noLinphone() }, async (t) => {
    const lab = await withLab(t, 'federation')
    await lab.run('node', 'stop', 'partner-edge')
    const proxy = await kamailioPartner(t, lab, join(folder, 'kamailio'))
    const { external } = lab.ready.dns
    const erin = await linphone(t, {
      login: 'erin',
      domain: 'partner.test',
      password: '',
      proxy,
      transport: 'tcp',
      dns: `${external.address}:${external.port}`,
      folder: join(folder, 'partner', 'erin'),
      peer: 'sip:bob@lab.test',
    })
    const bob = await linphone(t, { ...account(lab, 'federation', 'bob', ''), peer: 'sip:erin@partner.test' })
    const carol = phoneOf(t, lab, 'carol', { at: 'fe1', transport: 'tls', ...thirds })
    await Promise.all([erin.signedIn(), bob.signedIn(), carol.signIn()])
    const all: Parties = {
      one: { phone: erin, uri: 'sip:erin@partner.test' },
      other: { phone: bob, uri: 'sip:bob@lab.test' },
      third: carol,
    }
    await workday(t, lab, all, ['fe1'])
  })
