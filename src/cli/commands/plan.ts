/** `siplab plan [TOPOLOGY]`: what follows from a lab file, in the form the reader needs. */
import { isIP } from 'node:net'
import { Option } from 'commander'
import { findLabs, readRecord } from '../../lab/lab-folder.ts'
import { heldCertificates } from '../../lab/renewal/certificate-work.ts'
import { renderTrust, renderTrustJson } from '../../roles/law/render.ts'
import { withPublicAddresses } from '../../topology/public-addresses.ts'
import { planLab } from '../../topology/plan.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import { renderCompose } from '../../topology/render/compose.ts'
import { whyNoCluster } from '../../topology/render/cluster.ts'
import { renderHosts } from '../../topology/render/hosts.ts'
import { renderJson } from '../../topology/render/json.ts'
import { renderKubernetes } from '../../topology/render/kubernetes.ts'
import { renderNftables } from '../../topology/render/nftables.ts'
import { renderSvg } from '../../topology/render/svg.ts'
import type { SheetMade } from '../../topology/render/svg-cards.ts'
import { renderSwarm } from '../../topology/render/swarm.ts'
import { renderText } from '../../topology/render/text.ts'
import { renderZone } from '../../topology/render/zone.ts'
import { common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import type { Io } from '../io.ts'
import { packageVersion } from '../package.ts'
import { placementOfRecord, runningLabs } from '../lab-choice.ts'
import { chooseTopology, exposing, placement, readAddressing, readPlacement } from '../topology-options.ts'
import type { PlacementOptions } from '../topology-options.ts'

interface PlanOptions extends CommonOptions, PlacementOptions {
  readonly format: keyof typeof renderers
  readonly containers?: true
  readonly public: readonly string[]
}

const renderers = {
  text: renderText,
  json: renderJson,
  hosts: renderHosts,
  zone: (plan: LabPlan) => renderZone(plan),
  nftables: renderNftables,
  compose: (plan: LabPlan) => renderCompose(plan),
  swarm: renderSwarm,
  kubernetes: renderKubernetes,
  svg: (plan: LabPlan) => renderSvg(plan),
  trust: renderTrust,
} as const

/** Manifests have the addresses of their platform, whatever the lab file says. */
function addressingOf(format: PlanOptions['format']): { readonly addressing?: 'containers' | 'cluster' } {
  switch (format) {
    case 'compose':
      return { addressing: 'containers' }
    case 'swarm':
    case 'kubernetes':
      return { addressing: 'cluster' }
    default:
      return {}
  }
}

/** As the options say; else as the lab of that topology that runs here; else as the lab file says. */
function placementOf(io: Io, options: PlanOptions, source: string): ReturnType<typeof readPlacement> {
  const given = readPlacement(options)
  if (given.network !== undefined || given.expose !== undefined || Object.keys(given.ports).length > 0) return given
  const [only, ...others] = runningLabs(io).filter(({ topology }) => topology === source)
  return only === undefined || others.length > 0 ? given : placementOfRecord(only)
}

/** With the ends of the certificates that the lab of this topology holds below .siplab, if there is one. */
function sheetMade(io: Io, plan: LabPlan, source: string): SheetMade {
  const at = Date.now()
  const folder = findLabs(io.workingFolder).find((each) => readRecord(each)?.topology === source)
  const held = folder === undefined ? [] : heldCertificates({ plan, root: folder.root }, at)
  const ends = new Map(held.map(({ node, name, certificate }) => [`${node} ${name}`, Date.parse(certificate.notAfter)]))
  return { version: packageVersion(), at, endsAt: (node, name) => ends.get(`${node} ${name}`) }
}

/** `sip.lab.test=203.0.113.5`. @throws UsageError for a name that the internet does not see, or no address */
function readPublicAddresses(plan: LabPlan, given: readonly string[]): ReadonlyMap<string, string> {
  const names = new Set(
    plan.dns.flatMap(({ name, records }) =>
      name === 'external'
        ? records.flatMap((record) => (record.kind === 'a' || record.kind === 'aaaa' ? [record.name] : []))
        : [],
    ),
  )
  return new Map(
    given.map((text) => {
      const [name = '', address = ''] = text.split('=')
      if (!names.has(name) || isIP(address) === 0)
        throw new UsageError(
          `--public: wanted NAME=ADDRESS with an address and a name of ${[...names].join(', ')}, found ` +
            JSON.stringify(text),
        )
      return [name, address]
    }),
  )
}

export const planCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('plan [TOPOLOGY]')
    .summary('show what follows from a lab file')
    .description(
      'Shows what follows from a lab file: certificates, DNS records, firewall ports, and who may speak to whom.',
    )
    .addOption(new Option('--format <FORMAT>', 'print in this format').choices(Object.keys(renderers)).default('text'))
    .option('--containers', 'use the addresses of the container lab')
    .option(
      '--public <NAME=ADDRESS>',
      'zone, hosts: write this address for a public name; may be given several times',
      (value: string, all: readonly string[]) => [...all, value],
      [],
    )
  common(
    exposing(placement(command)),
    'siplab plan edge --format svg > edge.svg\n  siplab plan edge-pool --format kubernetes > edge-pool.yml',
  ).action((name: string | undefined, options: PlanOptions) => {
    const isTrust = options.format === 'trust'
    const format = options.json === true && !isTrust ? 'json' : options.format
    if (options.json === true && !isTrust && options.format !== 'text' && options.format !== 'json')
      throw new UsageError(`--json and --format ${options.format} exclude each other`)
    const { topology, source } = chooseTopology(io, name)
    const render = isTrust && options.json === true ? renderTrustJson : renderers[format]
    const plan = planLab(topology, {
      ...placementOf(io, options, source),
      ...readAddressing(io, options),
      ...addressingOf(format),
    })
    const unfit = addressingOf(format).addressing === 'cluster' ? whyNoCluster(plan) : undefined
    if (unfit !== undefined) throw new UsageError(unfit)
    const drawn = format === 'svg' ? (each: LabPlan) => renderSvg(each, sheetMade(io, each, source)) : render
    const text = drawn(withPublicAddresses(plan, readPublicAddresses(plan, options.public)))
    io.out(text.endsWith('\n') ? text : `${text}\n`)
  })
}
