/** `siplab users`: the accounts in the directory of a lab, whether it runs or not. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { wantedOneOf } from '../../topology/nearest-name.ts'
import { accountsChanged, bindingsIn } from '../../lab/forget-user.ts'
import { makeStoreFolders } from '../../lab/provision.ts'
import { makePoolStores, realmOf, seedDirectories, withDirectory } from '../../lab/seed.ts'
import { addUser, disableUser, enableUser, listUsers, removeUser } from '../../services/accounts.ts'
import type { Account, Directory } from '../../services/store/directory.ts'
import { planLab } from '../../topology/plan.ts'
import type { LabPlan, OrganisationPlan } from '../../topology/plan-types.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { table } from '../io.ts'
import type { Io } from '../io.ts'
import { LabError } from '../../lab/lab-error.ts'
import { chooseLab, planOf } from '../lab-choice.ts'
import { chooseTopology, readAddressing } from '../topology-options.ts'

interface UsersOptions extends CommonOptions {
  readonly topology?: string
  readonly containers?: true
}

interface AddOptions extends UsersOptions {
  readonly password: string
  readonly home?: string
  readonly remote?: true
  readonly anonymousCalls?: 'on' | 'off'
}

export const usersCommand: RegisterCommand = (program, { io }) => {
  const users = program
    .command('users')
    .summary('list, add, disable, enable and remove accounts')
    .description('Lists and changes the accounts in the directory of the lab.')
  listCommand(users, io)
  addCommand(users, io)
  disableCommand(users, io)
  enableCommand(users, io)
  removeCommand(users, io)
  seedCommand(users, io)
}

function listCommand(users: Command, io: Io): void {
  common(
    withTopology(
      users.command('list', { isDefault: true }).summary('list every account').description('Lists every account.'),
    ),
    'siplab users list',
  ).action(async (options: UsersOptions) => {
    const { plan, open } = chooseDirectory(io, options)
    const accounts: Account[] = []
    for (const organisation of plan.organisations) accounts.push(...(await open(organisation, listUsers)))
    const rows = accounts.map(({ aor, login, homePool, remote, enabled }) => [
      aor,
      login,
      homePool,
      remote ? 'yes' : 'no',
      enabled ? 'yes' : 'no',
    ])
    answer(io, options, accounts, () => table(['USER', 'LOGIN', 'HOME', 'FROM OUTSIDE', 'ENABLED'], rows))
  })
}

function addCommand(users: Command, io: Io): void {
  const add = users
    .command('add <URI>')
    .summary('add or replace an account')
    .description(
      'Adds an account, or replaces it. Another home moves the account and signs its clients off. A ' +
        'disabled account stays disabled.',
    )
    .requiredOption('--password <PASSWORD>', 'set the password of the account')
    .option('--home <FQDN>', 'set the home server of the account (default: the only one of its domain)')
    .option('--remote', 'let the user sign in from outside')
    .addOption(
      new Option(
        '--anonymous-calls <SWITCH>',
        'accept calls from unknown callers (default: only calls over a static route)',
      ).choices(['on', 'off']),
    )
  common(withTopology(add), 'siplab users add sip:erna@lab.test --password secret --remote').action(
    (uri: string, options: AddOptions) => addAccount(io, uri, options),
  )
}

async function addAccount(io: Io, uri: string, options: AddOptions): Promise<void> {
  const { plan, root, open } = chooseDirectory(io, options)
  const { aor, login, organisation } = readUri(plan, uri)
  const home = chooseHome(plan, organisation, options.home)
  const user = {
    uri: aor,
    login,
    password: options.password,
    home,
    remote: options.remote === true,
    ...(options.anonymousCalls === undefined ? {} : { anonymousCalls: options.anonymousCalls === 'on' }),
  }
  const account = await open(organisation, async (directory) => {
    const before = await directory.account(user.uri)
    const enabled = before?.enabled ?? true
    const added = await addUser(directory, { ...user, enabled }, realmOf(plan, organisation.domain))
    if (before !== undefined && before.homePool !== added.homePool)
      await bindingsIn(plan, root, organisation, io.environment['SIPLAB_STORE_URL'], 'moved').removeUser(added.aor)
    return added
  })
  answer(io, options, account, () => `the home server of ${account.aor} is ${home}\n`)
}

function disableCommand(users: Command, io: Io): void {
  common(
    withTopology(
      users
        .command('disable <URI>')
        .summary('disable an account')
        .description(
          'Disables an account: signs its clients off, removes its bindings and refuses its next sign-in. ' +
            'Keeps password, contacts and home for siplab users enable.',
        ),
    ),
    'siplab users disable alice',
  ).action(async (uri: string, options: UsersOptions) => {
    const { plan, root, open } = chooseDirectory(io, options)
    const { aor, organisation } = readUri(plan, uri)
    const bindings = bindingsIn(plan, root, organisation, io.environment['SIPLAB_STORE_URL'], 'disabled')
    const account = await open(organisation, (directory) => disableUser(directory, bindings, aor))
    if (account === undefined) throw unknownUser(organisation, aor)
    await accountsChanged(plan, root, organisation)
    answer(io, options, account, () => `${aor} is disabled: it is signed off, and its next REGISTER is refused\n`)
  })
}

function enableCommand(users: Command, io: Io): void {
  common(
    withTopology(
      users
        .command('enable <URI>')
        .summary('enable an account again')
        .description('Enables an account again. Its password is the same as before.'),
    ),
    'siplab users enable alice',
  ).action(async (uri: string, options: UsersOptions) => {
    const { plan, root, open } = chooseDirectory(io, options)
    const { aor, organisation } = readUri(plan, uri)
    const account = await open(organisation, (directory) => enableUser(directory, aor))
    if (account === undefined) throw unknownUser(organisation, aor)
    await accountsChanged(plan, root, organisation)
    answer(io, options, account, () => `${aor} is enabled\n`)
  })
}

function removeCommand(users: Command, io: Io): void {
  common(
    withTopology(
      users
        .command('remove <URI>')
        .summary('remove an account')
        .description('Removes an account with its credentials and its bindings.'),
    ),
    'siplab users remove sip:erna@lab.test',
  ).action(async (uri: string, options: UsersOptions) => {
    const { plan, root, open } = chooseDirectory(io, options)
    const { aor, organisation } = readUri(plan, uri)
    const bindings = bindingsIn(plan, root, organisation, io.environment['SIPLAB_STORE_URL'])
    const removed = await open(organisation, (directory) => removeUser(directory, bindings, aor))
    if (!removed) throw unknownUser(organisation, aor)
    answer(io, options, { removed: aor }, () => `${aor} is removed\n`)
  })
}

function seedCommand(users: Command, io: Io): void {
  const seed = users
    .command('seed')
    .summary('write the domains, servers and users of the topology')
    .description(
      'Writes the SIP domains, trusted servers and edges of the topology into the directory. Writes its users too, ' +
        'but only if the directory has no account yet. siplab up does the same.',
    )
  common(withTopology(seed), 'siplab users seed --topology edge-pool --containers').action(
    async (options: UsersOptions) => {
      const { plan, root, url } = chooseDirectory(io, options)
      makeStoreFolders(plan, root)
      await seedDirectories(plan, root, url)
      await makePoolStores(plan, root, io.environment['SIPLAB_STORE_URL'])
      answer(
        io,
        options,
        { users: plan.users.map(({ uri }) => uri) },
        () => `The directory of ${plan.topology} is ready\n`,
      )
    },
  )
}

function unknownUser({ domain }: OrganisationPlan, aor: string): LabError {
  return new LabError(
    'not-so',
    'user.unknown',
    `the directory of ${domain} has no ${aor}; siplab users list shows those it has`,
  )
}

function withTopology(command: Command): Command {
  return command
    .option('--topology <FILE>', 'use the directory of this lab file (name or path); needs no lab on this machine')
    .option('--containers', 'use the addresses of the container lab')
}

interface ChosenDirectory {
  readonly plan: LabPlan
  readonly root: string
  /** Of a database elsewhere; absent: the lab's own. */
  readonly url: string | undefined
  open<T>(organisation: OrganisationPlan, use: (directory: Directory) => Promise<T>): Promise<T>
}

/** That of the lab, or of `--topology` with SIPLAB_DIRECTORY_URL or SIPLAB_STORE_URL, as in a container. */
function chooseDirectory(io: Io, options: UsersOptions): ChosenDirectory {
  const { SIPLAB_STORE_URL: store, SIPLAB_DIRECTORY_URL: url = store } = io.environment
  const place = options.topology === undefined ? ofLab(io, options) : ofTopology(io, options, options.topology)
  return { ...place, url, open: (organisation, use) => withDirectory(organisation, place.root, use, url) }
}

function ofLab(io: Io, options: UsersOptions): Pick<ChosenDirectory, 'plan' | 'root'> {
  const lab = chooseLab(io, options)
  return { plan: planOf(lab), root: lab.folder.root }
}

function ofTopology(io: Io, options: UsersOptions, name: string): Pick<ChosenDirectory, 'plan' | 'root'> {
  const { topology } = chooseTopology(io, name)
  return {
    plan: planLab(topology, readAddressing(io, options)),
    root: resolve(io.workingFolder, options.data ?? `.siplab/${topology.name}`),
  }
}

function readUri(
  plan: LabPlan,
  text: string,
): { readonly aor: string; readonly login: string; readonly organisation: OrganisationPlan } {
  const [, login, domain = plan.domain] = /^(?:sip:)?([a-z0-9][a-z0-9._-]{0,63})(?:@([a-z0-9.-]+))?$/.exec(text) ?? []
  const organisation = plan.organisations.find(({ domains }) => domains.includes(domain))
  if (login !== undefined && organisation !== undefined) return { aor: `sip:${login}@${domain}`, login, organisation }
  const domains = plan.organisations.flatMap((organisation) => organisation.domains).join(', ')
  throw new UsageError(
    `wanted a user such as sip:erna@${plan.domain}, in one of ${domains}; found ${JSON.stringify(text)}`,
  )
}

function chooseHome(plan: LabPlan, { domain }: OrganisationPlan, wanted: string | undefined): string {
  const homes = [
    ...new Set(
      plan.nodes.flatMap(({ organisation, settings }) =>
        organisation === domain && 'home' in settings ? [settings.home] : [],
      ),
    ),
  ]
  const home =
    wanted === undefined ? homes[0] : homes.find((known) => known === wanted || known.split('.')[0] === wanted)
  if (home !== undefined && (wanted !== undefined || homes.length === 1)) return home
  throw new UsageError(
    wanted === undefined
      ? `--home: wanted one of ${homes.join(', ')}, found no --home`
      : wantedOneOf('--home', wanted, homes),
  )
}
