/**
 * `siplab assign, unassign, mtls, settings, drain`: what an administrator did in the old console. A running node takes
 * the change at once; on a stopped one the files change and its next start meets them.
 */
import { rmSync } from 'node:fs'
import { nodeWall } from '../../lab/clock.ts'
import { controlClient } from '../../lab/control-client.ts'
import { LabError } from '../../lab/lab-error.ts'
import type { ChangeReport } from '../../node/control/control-api.ts'
import { assignReference, generalTab, securityTab, setMtls, unassignReference } from '../../node/administration.ts'
import type { Administered, GeneralTab, SecurityTab } from '../../node/administration.ts'
import { type ChangedTls, changedTls, resetTls } from '../../node/fault-in-force.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { wantedOneOf } from '../../topology/nearest-name.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import { refuseUnderFault, reload } from '../certificate-home.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { table } from '../io.ts'
import type { Io } from '../io.ts'
import { chooseLab, chooseSipServer, chooseRunningLab, clientOf, planOf } from '../lab-choice.ts'
import type { ChosenLab } from '../lab-choice.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

interface ForceOptions extends CommonOptions {
  readonly force?: true
}

const forceText = 'act although an assigned certificate is not valid (LCS 2005 has no such option)'

export const assignCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('assign <NODE> <REFERENCE> <CERTIFICATE>')
    .summary('assign a certificate to a reference of a node')
  command
    .description(
      'Assigns a certificate of the folder of a node to a reference of the node. REFERENCE is listener, ' +
        'default-outgoing, static-route:N, edge-internal or edge-external.',
    )
    .option('--force', forceText)
  common(command, 'siplab assign fe1 listener fe1-listener').action(
    async (name: string, reference: string, certificate: string, options: ForceOptions) => {
      const { report } = await change(io, options, name, {
        live: ['/assign', { reference, certificate, force: options.force === true }],
        atRest: (administered) =>
          assignReference(administered, reference, certificate, { force: options.force === true }),
      })
      answer(
        io,
        options,
        { node: name, reference, certificate, ...report },
        () => `${name}: ${reference} now uses ${certificate}\n${reportText(report)}`,
      )
    },
  )
}

export const unassignCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('unassign <NODE> <REFERENCE>')
    .summary('remove the certificate from a reference')
    .description(
      'Removes the certificate from a reference; the files stay. Refused while an assigned certificate is not valid.',
    )
    .option('--force', forceText)
  common(command, 'siplab unassign fe1 listener').action(
    async (name: string, reference: string, options: ForceOptions) => {
      const { report } = await change(io, options, name, {
        live: ['/unassign', { reference, force: options.force === true }],
        atRest: (administered) => unassignReference(administered, reference, { force: options.force === true }),
      })
      answer(
        io,
        options,
        { node: name, reference, ...report },
        () => `${name}: ${reference} has no certificate\n${reportText(report)}`,
      )
    },
  )
}

export const mtlsCommand: RegisterCommand = (program, { io }) => {
  common(
    program
      .command('mtls <NODE> <on|off>')
      .summary('switch the MTLS listener on port 5061 on or off')
      .description('Switches the MTLS listener of a node on or off, as the check box on the General tab does.'),
    'siplab mtls fe1 off',
  ).action(async (name: string, word: string, options: CommonOptions) => {
    if (word !== 'on' && word !== 'off') throw new UsageError(`wanted on or off, found ${JSON.stringify(word)}`)
    const on = word === 'on'
    const { report } = await change(io, options, name, {
      live: ['/mtls', { on }],
      atRest: (administered) => setMtls(administered, on),
    })
    answer(io, options, { node: name, mtls: on, ...report }, () => `${name}: MTLS is ${word}\n${reportText(report)}`)
  })
}

interface SettingsOptions extends ForceOptions {
  readonly reset?: true
}

export const settingsCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('settings <NODE> <general|security|tls>')
    .summary('show or reset the General, Security or TLS settings of a node')
    .description(
      'Shows the General or Security tab of the LCS 2005 console, or the TLS settings; --reset undoes local ' +
        'changes of general and tls. The Security tab does not open while an assigned certificate is not valid.',
    )
    .option('--force', forceText)
    .option('--reset', 'general: restore the settings of the topology; tls: restore those of the profile')
  common(command, 'siplab settings fe1 security').action(
    async (name: string, tab: string, options: SettingsOptions) => {
      const lab = chooseLab(io, options)
      const node = chooseSipServer(planOf(lab), name)
      if (options.reset === true) return resetTab(io, options, lab, node, tab)
      const administered = administeredNode(lab, node)
      if (tab === 'general') {
        const general = generalTab(administered)
        return answer(io, options, general, () => generalText(general))
      }
      if (tab === 'tls') {
        const changed = changedTls(administered.folder)
        return answer(io, options, { node: name, changed }, () => tlsText(node, changed))
      }
      if (tab !== 'security') throw unknownTab(tab)
      const security = securityTab(administered, { force: options.force === true })
      answer(io, options, security, () => securityText(security))
    },
  )
}

/** What was changed on the machine itself goes; a running node takes it up, tables at its next start. */
async function resetTab(io: Io, options: SettingsOptions, lab: ChosenLab, node: NodePlan, tab: string): Promise<void> {
  if (tab !== 'general' && tab !== 'tls') throw new UsageError(wantedOneOf('--reset', tab, ['general', 'tls']))
  refuseUnderFault(lab.folder.root, node.name)
  const { folder } = administeredNode(lab, node)
  if (tab === 'general') rmSync(folder.settings, { force: true })
  const changed = tab === 'tls' ? resetTls(folder) : []
  const [reloaded] = await reload({ root: lab.folder.root, plan: planOf(lab) }, [node.name])
  answer(
    io,
    options,
    { node: node.name, tab, changed, ...reloaded?.report },
    () =>
      (tab === 'tls'
        ? `the TLS settings of ${node.name} are those of the profile ${node.profile.name}\n`
        : `the settings of ${node.name} are those of the topology\n`) + reportText(reloaded?.report),
  )
}

function unknownTab(tab: string): UsageError {
  return new UsageError(wantedOneOf('the settings', tab, ['general', 'security', 'tls']))
}

function tlsText({ name, profile }: NodePlan, changed: readonly ChangedTls[]): string {
  return changed.length === 0
    ? `The TLS settings of ${name} are those of ${profile.name}: ${profile.tls.min} to ${profile.tls.max}.\n`
    : table(
        ['SETTING', 'VALUE'],
        changed.map(({ setting, value }) => [setting, value]),
      )
}

/** A node gives up what is in progress after 40 s. */
const drainWithinMs = 60_000

export const drainCommand: RegisterCommand = (program, { io }) => {
  common(
    program
      .command('drain <NODE>')
      .summary('take a node out of service without loss')
      .description(
        'Closes the listeners of a node, lets its requests end, and sends its clients elsewhere. Returns when ' +
          'nothing is left in progress, after 40 s at most.',
      ),
    'siplab drain fe1',
  ).action(async (name: string, options: CommonOptions) => {
    const lab = chooseRunningLab(io, options)
    chooseSipServer(planOf(lab), name)
    await controlClient(name, nodeFolder(lab.folder.root, name), drainWithinMs).post('/drain', {})
    answer(
      io,
      options,
      { node: name, state: 'drained' },
      () => `${name} has no request in progress; to stop it: siplab node stop ${name}\n`,
    )
  })
}

interface Change {
  readonly live: readonly [path: string, body: unknown]
  readonly atRest: (administered: Administered) => void
}

async function change(
  io: Io,
  options: CommonOptions,
  name: string,
  { live, atRest }: Change,
): Promise<{ readonly report: ChangeReport | undefined }> {
  const lab = chooseLab(io, options)
  const node = chooseSipServer(planOf(lab), name)
  const runs = lab.pid !== undefined && lab.record.stopped[name] === undefined
  if (!runs) {
    atRest(administeredNode(lab, node))
    return { report: undefined }
  }
  try {
    return { report: await clientOf(lab, name).post<ChangeReport>(...live) }
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'node.unreachable') throw error
    atRest(administeredNode(lab, node))
    return { report: undefined }
  }
}

function administeredNode(lab: ChosenLab, plan: NodePlan): Administered {
  const folder = nodeFolder(lab.folder.root, plan.name)
  return { plan, folder, now: lab.record.movableClock ? nodeWall(folder.root) : Date.now() }
}

function reportText(report: ChangeReport | undefined): string {
  if (report === undefined) return '  the node is stopped; the change takes effect when it starts\n'
  return [...report.changed, ...report.unchanged.map((line) => `unchanged: ${line}`)]
    .map((line) => `  ${line}\n`)
    .join('')
}

function generalText({ fqdn, mtls, listeners }: GeneralTab): string {
  const rows = listeners.map(({ face, transport, address, port, enabled }) => [
    face,
    transport,
    endpointText(address, port),
    enabled ? 'yes' : 'no',
  ])
  return `${fqdn}, MTLS ${mtls ? 'on' : 'off'}\n${table(['FACE', 'TRANSPORT', 'ADDRESS', 'ENABLED'], rows)}`
}

function securityText({ references }: SecurityTab): string {
  const rows = references.map(({ reference, certificate, valid, verdicts }) => [
    reference,
    certificate?.subject ?? '',
    certificate?.serial ?? '',
    certificate?.notAfter ?? '',
    valid ? 'yes' : verdicts.map(({ code }) => code).join(', '),
  ])
  return rows.length === 0
    ? 'No certificate is assigned.\n'
    : table(['REFERENCE', 'CERTIFICATE', 'SERIAL', 'VALID UNTIL', 'VALID'], rows)
}
