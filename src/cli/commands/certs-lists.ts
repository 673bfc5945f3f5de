/** `siplab certs trust` and `siplab certs crls`: what a node judges its peers by. */
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Command } from 'commander'
import { requireNamed } from '../named-file.ts'
import { writeFileAtomic } from '../../certificates/atomic-files.ts'
import type { VerdictCertificate } from '../../verdicts/verdict.ts'
import { nodeWall } from '../../lab/clock.ts'
import { resetCrls, resetTrust } from '../../lab/provision.ts'
import { readCertificates } from '../../lab/renewal/certificate-work.ts'
import type { CertificateHome } from '../../lab/renewal/certificate-work.ts'
import { type NodeFolder, nodeFolder } from '../../node/control/node-folder.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import {
  chooseHome,
  type HomeOptions,
  refuseUnderFault,
  reload,
  reloadedText,
  withTopology,
} from '../certificate-home.ts'
import { answer, type CommandContext, common } from '../command.ts'
import { table } from '../io.ts'
import { chooseNode } from '../lab-choice.ts'
import { UsageError } from '../usage-error.ts'

interface TrustOptions extends HomeOptions {
  readonly add?: string
  readonly external?: true
  readonly reset?: true
}

export function trustCommand(certs: Command, { io }: CommandContext): void {
  const command = certs
    .command('trust <NODE>')
    .summary('show or change the roots that a node trusts')
    .description('Shows the roots that a node trusts. --reset restores the lists of the plan.')
    .option('--reset', 'replace the lists of the node with those of the plan')
    .option('--add <FILE>', 'add the certificates of a PEM file to the list')
    .option('--external', 'with --add: change the list of the external side of an access proxy')
  common(withTopology(command), 'siplab certs trust director --reset').action(
    async (name: string, options: TrustOptions) => {
      const home = chooseHome(io, options)
      const node = chooseNode(home.plan, name)
      const folder = nodeFolder(home.root, name)
      if (options.external === true && options.add === undefined) throw new UsageError('--external needs --add FILE')
      if (options.reset === true || options.add !== undefined) refuseUnderFault(home.root, name)
      if (options.reset === true) resetTrust(home.plan, node, home.root, Date.now())
      if (options.add !== undefined)
        add(node, folder, requireNamed(io, '--add', options.add, 'a PEM file'), options.external === true)
      const report = options.reset === true || options.add !== undefined ? await reload(home, [name]) : []
      const lists = trustLists(home, folder)
      answer(io, options, { node: name, lists, reloaded: report }, () => listsText(lists) + reloadedText(report))
    },
  )
}

export function crlsCommand(certs: Command, { io }: CommandContext): void {
  const command = certs
    .command('crls <NODE>')
    .summary('replace the CRLs of a node')
    .description('Replaces the CRLs in the folder of a node with the present CRLs of every CA that the node trusts.')
  common(withTopology(command), 'siplab certs crls director').action(async (name: string, options: HomeOptions) => {
    const home = chooseHome(io, options)
    const node = chooseNode(home.plan, name)
    refuseUnderFault(home.root, name)
    const files = resetCrls(home.plan, node, home.root, nodeWall(nodeFolder(home.root, name).root))
    const shown = files.map((file) => relative(home.root, file))
    const report = await reload(home, [name])
    answer(
      io,
      options,
      { node: name, files: shown, reloaded: report },
      () => shown.map((file) => `${file}\n`).join('') + reloadedText(report),
    )
  })
}

/** @throws UsageError when the file holds no certificate */
function add({ role }: NodePlan, folder: NodeFolder, path: string, external: boolean): void {
  if (external && role !== 'access-proxy') throw new UsageError('--external: only an access proxy has an external face')
  const list = external ? folder.externalTrust : folder.trust
  if (certificatesIn(path).length === 0)
    throw new UsageError(`--add: wanted a PEM file with a certificate, found none in ${path}`)
  const before = existsSync(list) ? readFileSync(list, 'utf8') : ''
  writeFileAtomic(list, `${before.trimEnd()}\n${readFileSync(path, 'utf8')}`.trimStart())
}

function certificatesIn(path: string): readonly VerdictCertificate[] {
  try {
    return readCertificates(path)
  } catch (cause) {
    if (cause instanceof Error)
      throw new UsageError(`--add: ${path} cannot be read as PEM (${cause.message})`, { cause })
    throw cause
  }
}

interface TrustList {
  /** Inside the folder of the lab. */
  readonly file: string
  readonly roots: readonly VerdictCertificate[]
}

function trustLists({ root }: CertificateHome, { trust, externalTrust }: NodeFolder): readonly TrustList[] {
  return [trust, externalTrust]
    .filter((file) => existsSync(file))
    .map((file) => ({ file: relative(root, file), roots: readCertificates(file) }))
}

function listsText(lists: readonly TrustList[]): string {
  const rows = lists.flatMap(({ file, roots }) =>
    roots.map(({ subject, serial, notAfter }) => [file, subject, serial, notAfter]),
  )
  return rows.length === 0 ? 'The node trusts no root.\n' : table(['LIST', 'ROOT', 'SERIAL', 'VALID UNTIL'], rows)
}
