/** `siplab certs import`, and `siplab certs issue --name`: chains from elsewhere, and certificates for elsewhere. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { toPem } from '../../certificates/der.ts'
import { keyToPem } from '../../certificates/keys.ts'
import {
  asReference,
  assign,
  listCertificates,
  readAssignments,
  saveCertificate,
} from '../../certificates/node-certificates.ts'
import { summarise } from '../../certificates/summary.ts'
import { openAuthorities, renewForeign } from '../../lab/provision.ts'
import { type CertificateHome, plannedFor } from '../../lab/renewal/certificate-work.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { writeFileAtomic } from '../../certificates/atomic-files.ts'
import { writeKeyFile } from '../../certificates/keys.ts'
import {
  chooseHome,
  type HomeOptions,
  refuseUnderFault,
  reload,
  reloadedText,
  withTopology,
} from '../certificate-home.ts'
import type { ForeignPlan } from '../../topology/plan-types.ts'
import { answer, type CommandContext, common } from '../command.ts'
import { readSeconds } from '../duration.ts'
import { readChain } from '../explain-link.ts'
import type { Io } from '../io.ts'
import { chooseNode } from '../lab-choice.ts'
import { UsageError } from '../usage-error.ts'

export function importCommand(certs: Command, { io, finish }: CommandContext): void {
  const command = certs
    .command('import <NODE> <REFERENCE> <CHAIN> <KEY>')
    .summary('install your own chain and key on a node')
    .description('Installs your own chain and key on a node. They replace the certificate of the reference.')
  common(withTopology(command), 'siplab certs import fe1 listener chain.pem key.pem').action(
    async (name: string, reference: string, chainFile: string, keyFile: string, options: HomeOptions) => {
      const home = chooseHome(io, options)
      const node = chooseNode(home.plan, name)
      const wanted = asReference(reference)
      plannedFor(node, wanted)
      refuseUnderFault(home.root, name)
      const { leaf, intermediates, root } = readChain(io, chainFile)
      const key = keyOf(io, keyFile)
      if (!new X509Certificate(leaf.der).checkPrivateKey(key))
        throw new UsageError(`${keyFile}: wanted the key of ${leaf.subject.text}, found a different key (key.mismatch)`)
      const folder = nodeFolder(home.root, name).root
      const certificate = freeName(folder, `imported-${wanted.replace(':', '-')}`)
      const chainPem = [leaf, ...intermediates].map(({ der }) => toPem('CERTIFICATE', der)).join('')
      const before = readAssignments(folder)[wanted]?.certificate.replace(/\.pem$/, '')
      saveCertificate(folder, { name: certificate, chainPem, keyPem: keyToPem(key) })
      assign(folder, wanted, certificate)
      const report = await reload(home, [name])
      const isRefused = report.some(({ report: { unchanged } }) =>
        unchanged.some((line) => line.startsWith(`${wanted}: `)),
      )
      const text = isRefused
        ? refusedText(name, wanted, before)
        : `${report.length === 0 ? `${name} will show` : `${name} shows`} ${leaf.subject.text} as ${wanted}` +
          `${report.length === 0 ? ' from its next start' : ''}; its peers must trust ${root.name}\n`
      answer(
        io,
        options,
        { node: name, reference: wanted, name: certificate, certificate: summarise(chainPem), reloaded: report },
        () => text + reloadedText(report),
      )
      if (isRefused) finish(1)
    },
  )
}

/** A node that runs goes on with what it had; its next start would end with the one that it refuses. */
function refusedText(node: string, reference: string, before: string | undefined): string {
  const back =
    before === undefined ? `siplab unassign ${node} ${reference}` : `siplab assign ${node} ${reference} ${before}`
  return (
    `${node} refuses the certificate for ${reference} and uses the previous one until its next start; ` +
    `to undo: ${back}\n`
  )
}

export interface OutsideOptions extends HomeOptions {
  readonly name?: readonly string[]
  readonly role?: 'server' | 'client' | 'both'
  readonly authority?: 'public' | 'internal'
  readonly output?: string
  readonly valid?: string
}

const purposesOf = {
  server: ['serverAuth'],
  client: ['clientAuth'],
  both: ['serverAuth', 'clientAuth'],
} as const

/** A certificate for a server that no node of the lab is: `sbc1.contoso.test.pem` and `.key` in the working folder. */
export function issueOutside(io: Io, home: CertificateHome, options: OutsideOptions): void {
  const { name: names = [], role = 'both', authority = 'public', output = '.', valid = '90d' } = options
  const [first = ''] = names
  const bad = names.find((name) => !/^(?:\*\.)?[a-z\d-]+(?:\.[a-z\d-]+)+$/i.test(name))
  if (bad !== undefined) throw new UsageError(`--name: wanted a host name such as sbc1.contoso.test, found "${bad}"`)
  const now = Date.now()
  const request = {
    name: first.replace('*', 'wildcard'),
    commonName: first,
    dnsNames: names,
    uriNames: [],
    ipAddresses: [],
    purposes: purposesOf[role],
    authority,
    keyType: 'rsa2048',
    validSeconds: readSeconds('--valid', valid),
  } as const
  const [organisation] = home.plan.certificates
  if (organisation === undefined)
    throw new UsageError(`the lab ${home.plan.topology} has no CA; choose a lab with certificates`)
  const issued = openAuthorities(home.plan, join(home.root, 'pki'), now)
    .for({ ...organisation, request })
    .issue(request, now)
  const folder = resolve(io.workingFolder, output)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = { chain: join(folder, `${request.name}.pem`), key: join(folder, `${request.name}.key`) }
  writeKeyFile(files.key, issued.keyPem)
  writeFileAtomic(files.chain, issued.chainPem)
  const root = join(home.root, 'pki', `${authority}-root.pem`)
  answer(
    io,
    options,
    { ...files, root, certificate: summarise(issued.certificatePem) },
    () => `${files.chain}\n${files.key}\nIts root is ${root}\n`,
  )
}

/** A fresh certificate and key for a foreign server of the lab file; its operator puts them to use. */
export function issueForeign(io: Io, home: CertificateHome, server: ForeignPlan, options: OutsideOptions): void {
  if (server.certificate === undefined)
    throw new UsageError(
      `${server.name} has a certificate of its own (certificate: own in the lab file), which siplab does not issue`,
    )
  const validSeconds =
    options.valid === undefined ? server.certificate.request.validSeconds : readSeconds('--valid', options.valid)
  const request = { ...server.certificate.request, validSeconds }
  const wanted = { ...server, certificate: { ...server.certificate, request } }
  const { chain, key, roots } = renewForeign(home.plan, wanted, home.root, Date.now())
  answer(
    io,
    options,
    { chain, key, roots, certificate: summarise(readFileSync(chain, 'utf8')) },
    () => `${chain}\n${key}\n${server.fqdn} has to trust ${roots}\n`,
  )
}

/** @throws UsageError */
function keyOf(io: Io, file: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(resolve(io.workingFolder, file)))
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`${file}: wanted a private key without a passphrase, found ${found}`, { cause })
  }
}

function freeName(folder: string, wanted: string): string {
  const taken = listCertificates(folder)
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}-${count}`
    if (!taken.includes(name)) return name
  }
}
