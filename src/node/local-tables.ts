/**
 * The tables of a node that an administrator changed on the machine itself: `settings.json` in its folder. They
 * replace those of the topology, and are read once, at start. An entry that cannot be used stops the service, as it
 * stopped the original servers.
 */
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { verdict } from '../verdicts/codes.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { ConfigurationFault } from './configuration-check.ts'
import type { NodeFolder } from './control/node-folder.ts'

const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, 'wanted a host or domain name')
const level = z.enum(['AlwaysVerifiable', 'AlwaysUnverifiable', 'UseSourceVerification'])

/** Each table with the WMI class it mirrors. */
const tables = {
  partners: {
    className: 'MSFT_SIPFederationDirectPartnerTable',
    entry: z.strictObject({ domain: name, edge: name, verification: level.default('UseSourceVerification') }),
  },
  providers: {
    className: 'MSFT_SIPFederationNetworkProviderTable',
    entry: z.strictObject({
      name: z.string().min(1),
      edge: name,
      domains: z.array(name).default([]),
      enabled: z.boolean().default(false),
      public: z.boolean().default(true),
      verification: level.default('UseSourceVerification'),
    }),
  },
  staticRoutes: {
    className: 'MSFT_SIPRoutingTableData',
    entry: z.strictObject({
      match: name,
      nextHop: name,
      port: z.int().min(1).max(65_535),
      transport: z.enum(['tls', 'tcp', 'udp']),
      replaceHost: z.boolean().default(false),
    }),
  },
} as const

type TableName = keyof typeof tables
const tableNames = Object.keys(tables) as readonly TableName[]

/**
 * The plan with the tables of this machine. What cannot be read changes nothing here: `localFault` says so at the
 * start.
 */
export function withLocalTables(plan: NodePlan, folder: Pick<NodeFolder, 'settings'>): NodePlan {
  const read = readLocal(folder)
  if (read === undefined || read === 'corrupt') return plan
  const { settings } = plan
  if (settings.kind === 'access-proxy') {
    const partners = rows(tables.partners.entry, read['partners'])
    const providers = rows(tables.providers.entry, read['providers'])
    if (partners === undefined && providers === undefined) return plan
    const federation = {
      ...settings.federation,
      ...(partners === undefined ? {} : { partners: [...partners] }),
      ...(providers === undefined ? {} : { providers: [...providers] }),
    }
    return { ...plan, settings: { ...settings, federation } }
  }
  const staticRoutes = rows(tables.staticRoutes.entry, read['staticRoutes'])
  if (staticRoutes === undefined || !('staticRoutes' in settings)) return plan
  return { ...plan, settings: { ...settings, staticRoutes } }
}

function rows<T>(entry: z.ZodType<T>, value: unknown): T[] | undefined {
  return z.array(entry).safeParse(value).data
}

/** Why the local configuration cannot be used. Absent: it can, or there is none. */
export function localFault(plan: NodePlan, folder: Pick<NodeFolder, 'settings'>): ConfigurationFault | undefined {
  const read = readLocal(folder)
  if (read === undefined) return undefined
  if (read === 'corrupt' || (read['mtls'] !== undefined && typeof read['mtls'] !== 'boolean')) {
    const found = verdict('config.local-corrupt', {
      node: plan.name,
      found: `${folder.settings} holds no JSON object with settings`,
      fix: `write {"mtls": true} into ${folder.settings}: siplab settings ${plan.name} general --reset`,
    })
    return { verdict: found, className: 'MSFT_SIPRoutingSetting' }
  }
  for (const table of tableNames) {
    if (read[table] === undefined) continue
    const parsed = z.array(tables[table].entry).safeParse(read[table])
    const [issue] = parsed.error?.issues ?? []
    if (issue === undefined) continue
    const where = `${table}[${issue.path.map(String).join('].')}`.replace(/\[$/, '')
    return {
      verdict: verdict('config.invalid', {
        node: plan.name,
        found: `${folder.settings}: ${where}: ${issue.message}`,
        fix:
          `correct the entry in ${folder.settings}, or restore those of the topology: ` +
          `siplab settings ${plan.name} general --reset`,
      }),
      className: tables[table].className,
    }
  }
  return undefined
}

function readLocal({
  settings,
}: Pick<NodeFolder, 'settings'>): Readonly<Record<string, unknown>> | 'corrupt' | undefined {
  if (!existsSync(settings)) return undefined
  try {
    const read: unknown = JSON.parse(readFileSync(settings, 'utf8'))
    return typeof read === 'object' && read !== null && !Array.isArray(read)
      ? (read as Readonly<Record<string, unknown>>)
      : 'corrupt'
  } catch (error) {
    if (error instanceof SyntaxError) return 'corrupt'
    throw error
  }
}
