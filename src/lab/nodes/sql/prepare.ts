/**
 * Decides, before a lab comes up, whether its SQL hosts run a private PostgreSQL or the nodes share the embedded files.
 */
import type { LabPlan, NodePlan } from '../../../topology/plan-types.ts'
import { forgetStoreAccess, prepareStoreAccess, removeTemporary } from './access.ts'
import { findPostgresql } from './programs.ts'

export interface PreparedSql {
  /** Whether that SQL host runs a server. */
  has(node: NodePlan): boolean
  /** The databases of a server. Not on its command line: they hold a password. */
  environmentOf(node: NodePlan): Readonly<Record<string, string | undefined>>
  /** For people: what was decided, and what follows from it. */
  readonly remarks: readonly string[]
  /** After the lab came down. */
  end(): void
}

/** Nodes do not inherit these variables from this command: they are for `siplab node start` alone. */
const nowhere = { SIPLAB_STORE_URL: undefined, SIPLAB_DIRECTORY_URL: undefined }

export function prepareSql(plan: LabPlan, labRoot: string): PreparedSql {
  const hosts = plan.nodes.filter(({ role }) => role === 'sql')
  const programs = hosts.length === 0 ? 'no SQL host' : findPostgresql()
  if (typeof programs === 'string') return embedded(labRoot, hosts, programs)
  const all = prepareStoreAccess(plan, labRoot, programs.owner)
  const temporary = Object.values(all).filter(({ isTemporary }) => isTemporary)
  return {
    has: ({ role, organisation }) => role === 'sql' && all[organisation] !== undefined,
    environmentOf({ organisation, settings }) {
      const access = all[organisation]
      return access === undefined || !('store' in settings)
        ? nowhere
        : { SIPLAB_STORE_URL: access.storeUrl, SIPLAB_DIRECTORY_URL: access.directoryUrl }
    },
    remarks: temporary.map(
      ({ node, folder }) => `${node} keeps its data in ${folder} until the lab ends: it does not run as root`,
    ),
    // Not read again: the folder of a lab can be removed while it runs.
    end: () => temporary.forEach(removeTemporary),
  }
}

function embedded(labRoot: string, hosts: readonly NodePlan[], because: string): PreparedSql {
  forgetStoreAccess(labRoot)
  return {
    has: () => false,
    environmentOf: () => nowhere,
    remarks: hosts.map(
      ({ name }) =>
        `${name} does not run (${because}): the servers share SQLite files; faults that need a server are not there`,
    ),
    end: () => undefined,
  }
}
