/** `siplab plan [TOPOLOGY]`: what follows from a lab file, in the form the reader needs. */
import { Option } from 'commander'
import { renderTrust, renderTrustJson } from '../../roles/law/render.ts'
import { planLab } from '../../topology/plan.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import { renderCompose } from '../../topology/render/compose.ts'
import { renderHosts } from '../../topology/render/hosts.ts'
import { renderJson } from '../../topology/render/json.ts'
import { renderNftables } from '../../topology/render/nftables.ts'
import { renderSvg } from '../../topology/render/svg.ts'
import { renderText } from '../../topology/render/text.ts'
import { renderZone } from '../../topology/render/zone.ts'
import { common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import type { Io } from '../io.ts'
import { runningLabs } from '../lab-choice.ts'
import { chooseTopology, placement, readAddressing, readPlacement } from '../topology-options.ts'
import type { PlacementOptions } from '../topology-options.ts'

interface PlanOptions extends CommonOptions, PlacementOptions {
  readonly format: keyof typeof renderers
  readonly containers?: true
}

const renderers = {
  text: renderText,
  json: renderJson,
  hosts: renderHosts,
  zone: (plan: LabPlan) => renderZone(plan),
  nftables: renderNftables,
  compose: (plan: LabPlan) => renderCompose(plan),
  svg: renderSvg,
  trust: renderTrust,
} as const

/** As the options say; else as the lab of that topology that runs here; else as the lab file says. */
function placementOf(io: Io, options: PlanOptions, source: string): ReturnType<typeof readPlacement> {
  const given = readPlacement(options)
  if (given.network !== undefined || Object.keys(given.ports).length > 0) return given
  const [only, ...others] = runningLabs(io).filter(({ topology }) => topology === source)
  return only === undefined || others.length > 0 ? given : { network: only.network, ports: only.ports }
}

export const planCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('plan [TOPOLOGY]')
    .summary('show what follows from a lab file')
    .description(
      'Shows what follows from a lab file: certificates, DNS records, firewall ports, and who may speak to whom.',
    )
    .addOption(new Option('--format <FORMAT>', 'form of the answer').choices(Object.keys(renderers)).default('text'))
    .option('--containers', 'addresses as in the container lab')
  common(placement(command), 'siplab plan edge --format svg > edge.svg').action(
    (name: string | undefined, options: PlanOptions) => {
      const isTrust = options.format === 'trust'
      const format = options.json === true && !isTrust ? 'json' : options.format
      if (options.json === true && !isTrust && options.format !== 'text' && options.format !== 'json')
        throw new UsageError(`--json and --format ${options.format} exclude each other`)
      const { topology, source } = chooseTopology(io, name)
      const { network, ports } = placementOf(io, options, source)
      const addressing = format === 'compose' ? 'containers' : readAddressing(io, options)
      const render = isTrust && options.json === true ? renderTrustJson : renderers[format]
      const text = render(planLab(topology, { addressing, ports, ...(network === undefined ? {} : { network }) }))
      io.out(text.endsWith('\n') ? text : `${text}\n`)
    },
  )
}
