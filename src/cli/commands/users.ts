/** `siplab users list, add, remove`: the accounts in the directory of a lab, whether it runs or not. */
import { realmOf, withDirectory } from '../../lab/seed.ts'
import { addUser, listUsers, removeUser } from '../../services/accounts.ts'
import type { Account } from '../../services/store/directory.ts'
import type { LabPlan, OrganisationPlan } from '../../topology/plan-types.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../failure.ts'
import { table } from '../io.ts'
import { LabError } from '../../lab/lab-error.ts'
import { chooseLab, planOf } from '../lab-choice.ts'

interface AddOptions extends CommonOptions {
  readonly password: string
  readonly home?: string
  readonly remote?: true
}

export const usersCommand: RegisterCommand = (program, { io }) => {
  const users = program.command('users').summary('list, add and remove accounts').description('The accounts in the directory of the lab.')
  common(users.command('list', { isDefault: true }).description('Lists every account.'), 'siplab users list').action(async (options: CommonOptions) => {
    const lab = chooseLab(io, options)
    const accounts: Account[] = []
    for (const organisation of planOf(lab).organisations) accounts.push(...(await withDirectory(organisation, lab.folder.root, listUsers)))
    const rows = accounts.map(({ aor, login, homePool, remote, enabled }) => [aor, login, homePool, remote ? 'yes' : 'no', enabled ? 'yes' : 'no'])
    answer(io, options, accounts, () => table(['USER', 'LOGIN', 'HOME', 'FROM OUTSIDE', 'ENABLED'], rows))
  })

  const add = users.command('add <URI>').description('Adds an account, or replaces it.').requiredOption('--password <PASSWORD>', 'its password').option('--home <FQDN>', 'its home (default: the only one of its domain)').option('--remote', 'may sign in from outside')
  common(add, 'siplab users add sip:erna@lab.test --password secret --remote').action(async (uri: string, options: AddOptions) => {
    const lab = chooseLab(io, options)
    const plan = planOf(lab)
    const { login, domain, organisation } = readUri(plan, uri)
    const home = chooseHome(plan, organisation, options.home)
    const user = { uri: `sip:${login}@${domain}`, login, password: options.password, home, remote: options.remote === true }
    const account = await withDirectory(organisation, lab.folder.root, (directory) => addUser(directory, user, realmOf(plan, organisation.domain)))
    answer(io, options, account, () => `${account.aor} is at home in ${home}\n`)
  })

  common(users.command('remove <URI>').description('Removes an account with its credentials.'), 'siplab users remove sip:erna@lab.test').action(async (uri: string, options: CommonOptions) => {
    const lab = chooseLab(io, options)
    const { login, domain, organisation } = readUri(planOf(lab), uri)
    const aor = `sip:${login}@${domain}`
    const removed = await withDirectory(organisation, lab.folder.root, (directory) => removeUser(directory, aor))
    if (!removed) throw new LabError('not-so', 'user.unknown', `the directory of ${organisation.domain} has no ${aor}; siplab users list shows those it has`)
    answer(io, options, { removed: aor }, () => `${aor} is removed\n`)
  })
}

function readUri(plan: LabPlan, text: string): { readonly login: string; readonly domain: string; readonly organisation: OrganisationPlan } {
  const [, login, domain = plan.domain] = /^(?:sip:)?([a-z0-9][a-z0-9._-]{0,63})(?:@([a-z0-9.-]+))?$/.exec(text) ?? []
  const organisation = plan.organisations.find(({ domains }) => domains.includes(domain))
  if (login !== undefined && organisation !== undefined) return { login, domain, organisation }
  throw new UsageError(`wanted a user such as sip:erna@${plan.domain}, in one of ${plan.organisations.flatMap(({ domains }) => domains).join(', ')}; found ${JSON.stringify(text)}`)
}

function chooseHome(plan: LabPlan, { domain }: OrganisationPlan, wanted: string | undefined): string {
  const homes = [...new Set(plan.nodes.flatMap(({ organisation, settings }) => (organisation === domain && 'home' in settings ? [settings.home] : [])))]
  const home = wanted === undefined ? homes[0] : homes.find((known) => known === wanted || known.split('.')[0] === wanted)
  if (home !== undefined && (wanted !== undefined || homes.length === 1)) return home
  throw new UsageError(`--home: wanted one of ${homes.join(', ')}, found ${wanted === undefined ? 'none' : JSON.stringify(wanted)}`)
}
