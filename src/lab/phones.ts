/** What a phone needs to sign in to a lab: account, way in and trust, from the plan. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { insteadOf } from '../topology/nearest-name.ts'
import { examinerProfile } from '../certificates/examine/profiles.ts'
import type { PhoneSettings, PhoneTransportName } from '../phone/index.ts'
import { addUser, removeUser } from '../services/accounts.ts'
import { systemClock } from '../sip/clock.ts'
import { createResolver } from '../sip/transport/dial/resolver.ts'
import type { LabPlan, PhoneTarget, PlannedUser } from '../topology/plan-types.ts'
import { bindingsIn } from './forget-user.ts'
import { LabError } from './lab-error.ts'
import { internalRoot } from './provision.ts'
import { realmOf, withDirectory } from './seed.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface LabPhone {
  /** `alice`, `erin@partner.test` or `sip:alice@lab.test`. */
  readonly user: string
  readonly from: 'inside' | 'outside'
  /** Absent: tls where there is, else tcp. */
  readonly transport?: PhoneTransportName
}

/**
 * `openPhone(labPhone(plan, ready.trust, { user: 'alice', from: 'outside' }))`
 *
 * @param trust paths of the roots, as the ready document has them
 * @throws LabError with the users and ways in there are
 */
export function labPhone(
  plan: LabPlan,
  trust: { readonly internal?: string; readonly public?: string },
  { user, from, transport }: LabPhone,
): PhoneSettings {
  const account = findUser(plan, user)
  const domain = account.uri.slice(account.uri.indexOf('@') + 1)
  const target = findTarget(plan, domain, from, transport)
  const root =
    target.trust === undefined
      ? undefined
      : target.trust === 'public'
        ? trust.public
        : internalRoot(plan, trust, domain)
  const view = plan.dns.find(({ name }) => name === (from === 'inside' ? 'internal' : 'external'))
  return {
    user: account.uri.slice('sip:'.length, account.uri.indexOf('@')),
    domain,
    login: account.login,
    password: account.password,
    target: { host: target.host, address: target.address, port: target.port, transport: target.transport },
    nameRules: examinerProfile(plan.profile.name).nameRules,
    ...(root === undefined ? {} : { ca: [readFileSync(root, 'utf8')] }),
    ...(view === undefined
      ? {}
      : { resolver: createResolver({ clock: systemClock, servers: [endpointText(view.address, view.port)] }) }),
  }
}

/** Accounts for a crowd, so many, until `remove`: a user may have only so many contacts. */
export interface CrowdAccounts {
  readonly plan: LabPlan
  readonly users: readonly string[]
  remove(): Promise<void>
}

/** Adds `crowd-1`, `crowd-2`, … to the directory of the first organisation of a lab, with a random password. */
export async function addCrowd(plan: LabPlan, labRoot: string, count: number): Promise<CrowdAccounts> {
  const [organisation] = plan.organisations
  const home = plan.users.find(({ uri }) => uri.endsWith(`@${organisation?.domain}`))?.home
  if (organisation === undefined || home === undefined)
    throw new LabError(
      'not-so',
      'phone.no-home',
      `the lab ${plan.topology} has no home server, so phones cannot sign in`,
    )
  const password = randomUUID()
  const users = Array.from({ length: count }, (_, at): PlannedUser => {
    const login = `crowd-${at + 1}`
    return { uri: `sip:${login}@${organisation.domain}`, login, password, home, remote: true }
  })
  const realm = realmOf(plan, organisation.domain)
  const bindings = bindingsIn(plan, labRoot, organisation)
  await withDirectory(organisation, labRoot, async (directory) => {
    for (const user of users) await addUser(directory, user, realm)
  })
  return {
    plan: { ...plan, users: [...plan.users, ...users] },
    users: users.map(({ uri }) => uri),
    remove: () =>
      withDirectory(organisation, labRoot, async (directory) => {
        for (const { uri } of users) await removeUser(directory, bindings, uri)
      }),
  }
}

function findUser({ users, domain, topology }: LabPlan, wanted: string): PlannedUser {
  const uri = wanted.startsWith('sip:') ? wanted : `sip:${wanted}${wanted.includes('@') ? '' : `@${domain}`}`
  const found = users.find((user) => user.uri === uri)
  if (found !== undefined) return found
  throw new LabError(
    'usage',
    'phone.unknown-user',
    `the lab ${topology} has no user ${uri} in its file` +
      insteadOf(
        uri,
        users.map((user) => user.uri),
      ),
  )
}

type Reachable = PhoneTarget & { readonly transport: PhoneTransportName }

function findTarget(
  { phones, topology }: LabPlan,
  domain: string,
  from: LabPhone['from'],
  transport: PhoneTransportName | undefined,
): Reachable {
  const ways = phones.filter(
    (way): way is Reachable => way.domain === domain && way.from === from && way.transport !== 'udp',
  )
  const found = (['tls', 'tcp', 'wss', 'ws'] as const).flatMap(
    (each) => ways.find((way) => way.transport === each && (transport ?? each) === each) ?? [],
  )[0]
  if (found !== undefined) return found
  const there = phones.filter((way) => way.domain === domain).map((way) => `${way.transport} from ${way.from}`)
  throw new LabError(
    'usage',
    'phone.no-way',
    `the lab ${topology} has no listener for phones of ${domain} over ${transport ?? 'any transport'} from ${from}; ` +
      `there is ${there.join(', ') || 'nothing'}`,
  )
}
