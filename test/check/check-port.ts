/** One walk to a port on loopback, as the tests of this folder want it. */
import { checkProfile, checkReport, CheckLog, totals, trustFiles, walk } from '../../src/check/index.ts'
import type { CheckOptions, CheckProfileName, CheckReport, Step } from '../../src/check/index.ts'
import { allSteps } from '../../src/check/index.ts'
import { systemClock } from '../../src/sip/clock.ts'
import { createResolver } from '../../src/sip/transport/dial/resolver.ts'

export interface PortOptions extends Partial<Omit<CheckOptions, 'profile' | 'trust'>> {
  readonly profile?: CheckProfileName
  /** PEM file of the roots. */
  readonly ca?: string
  /** The name dialled; `fe1.lab.test` when absent. */
  readonly name?: string
  readonly transport?: 'tls' | 'tcp' | 'wss'
  /** Addresses of the name; 127.0.0.1 when absent. */
  readonly addresses?: readonly string[]
}

/** What a walk is given; 10 s for each answer. A test whose server is silent says how long to wait. */
export function optionsFor({
  profile = 'communicator',
  ca,
  ...more
}: Omit<PortOptions, 'name' | 'transport' | 'addresses'> = {}): CheckOptions {
  return {
    profile: checkProfile(profile),
    trust: ca === undefined ? { anchors: [], from: 'nothing', chosen: true, verdicts: [] } : trustFiles([ca], ca),
    crls: [],
    crlVerdicts: [],
    known: [],
    limits: {},
    timeoutMs: 10_000,
    resolver: createResolver({ clock: systemClock, servers: ['127.0.0.1:9'] }),
    relaxedNaming: false,
    probe: false,
    now: Date.now,
    ...more,
  }
}

export async function checkPort(
  port: number,
  {
    profile = 'communicator',
    ca,
    name = 'fe1.lab.test',
    transport = 'tls',
    addresses = ['127.0.0.1'],
    ...more
  }: PortOptions = {},
): Promise<CheckReport> {
  const log = new CheckLog()
  const options = optionsFor({ profile, ...(ca === undefined ? {} : { ca }), ...more })
  const began = performance.now()
  await walk(
    log,
    [{ host: name, port, transport, addresses, names: [name], found: 'given' }],
    { uri: `sip:${name}`, from: 'sip:check@lab.test' },
    options,
  )
  return checkReport(name, profile, new Date(), log.steps, totals(log.steps).verdict, performance.now() - began)
}

/** The last step of that id. */
export function stepOf(report: CheckReport, id: string): Step | undefined {
  return allSteps(report.steps).findLast((step) => step.id === id)
}
