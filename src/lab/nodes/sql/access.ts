/**
 * Where the private PostgreSQL of an organisation is and how to get in: `store.json` of the lab's data folder, mode
 * 0600. Absent while a lab runs on the embedded files.
 */
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomic } from '../../../certificates/atomic-files.ts'
import type { LabPlan, OrganisationPlan } from '../../../topology/plan-types.ts'
import type { ProgramOwner } from '../child-program.ts'
import { endpointText } from '../../../sip/message/endpoint.ts'

export interface StoreAccess {
  /** Node that runs the server: `sql`. */
  readonly node: string
  /** Data folder of the server. */
  readonly folder: string
  /** The folder is outside the lab's and is removed when the lab ends. */
  readonly isTemporary: boolean
  /** `postgresql://siplab:…@127.0.41.6:5432/siplab`, for the pool store. */
  readonly storeUrl: string
  /** The same server and account, the database of the directory. */
  readonly directoryUrl: string
  /** An account that may do everything; only the node of the server uses it. */
  readonly administratorUrl: string
}

export const serviceAccount = 'siplab'
export const storeDatabase = 'siplab'
export const directoryDatabase = 'directory'
export const administratorAccount = 'postgres'

type AccessFile = Readonly<Record<string, StoreAccess>>

/** By SIP domain of the organisation. */
export function readStoreAccess(labRoot: string, domain: string): StoreAccess | undefined {
  return readAll(labRoot)[domain]
}

/**
 * Chooses folder and passwords for every organisation that has a SQL host, and writes them down. What is there stays; a
 * temporary folder of a lab that was killed is removed.
 *
 * @param owner who the server runs as, when not this process: then the lab's own folder is closed to it
 */
export function prepareStoreAccess(plan: LabPlan, labRoot: string, owner: ProgramOwner | undefined): AccessFile {
  const before = readAll(labRoot)
  Object.values(before).forEach(removeTemporary)
  const all = Object.fromEntries(
    plan.organisations.flatMap((organisation) => {
      const access = accessOf(plan, organisation, labRoot, owner, before[organisation.domain])
      return access === undefined ? [] : [[organisation.domain, access] as const]
    }),
  )
  // Before the folders exist: after a kill, the next command that finds the lab knows each of them.
  writeFileAtomic(accessFile(labRoot), `${JSON.stringify(all, undefined, 2)}\n`, 0o600)
  for (const { folder, isTemporary } of Object.values(all)) makeFolder(folder, isTemporary ? owner : undefined)
  return all
}

/** After the lab ended, or was found to have been killed; also for a lab without a private server. */
export function endStoreAccess(labRoot: string): void {
  Object.values(readAll(labRoot)).forEach(removeTemporary)
}

/** A server that was killed a moment ago may still be writing. */
export function removeTemporary({ folder, isTemporary }: StoreAccess): void {
  if (isTemporary) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

export function forgetStoreAccess(labRoot: string): void {
  endStoreAccess(labRoot)
  rmSync(accessFile(labRoot), { force: true })
}

function accessOf(
  plan: LabPlan,
  { domain, store }: OrganisationPlan,
  labRoot: string,
  owner: ProgramOwner | undefined,
  before: StoreAccess | undefined,
): StoreAccess | undefined {
  const node = plan.nodes.find(({ role, organisation }) => role === 'sql' && organisation === domain)
  if (store.kind !== 'postgres' || node === undefined) return undefined
  const place =
    owner === undefined
      ? { folder: join(labRoot, 'postgresql', node.name), isTemporary: false }
      : { folder: join(tmpdir(), `siplab-sql-${randomBytes(6).toString('hex')}`), isTemporary: true }
  const kept = before !== undefined && !place.isTemporary && existsSync(place.folder) ? before : undefined
  const url = (account: string, password: string, database: string): string =>
    `postgresql://${account}:${password}@${endpointText(store.address, store.port)}/${database}`
  const service = kept === undefined ? newPassword() : new URL(kept.storeUrl).password
  const administrator = kept === undefined ? newPassword() : new URL(kept.administratorUrl).password
  return {
    node: node.name,
    ...place,
    storeUrl: url(serviceAccount, service, storeDatabase),
    directoryUrl: url(serviceAccount, service, directoryDatabase),
    administratorUrl: url(administratorAccount, administrator, 'postgres'),
  }
}

/** A folder for another owner is in a place where everybody may write: one that exists already is not ours. */
function makeFolder(folder: string, owner: ProgramOwner | undefined): void {
  mkdirSync(folder, { recursive: owner === undefined, mode: 0o700 })
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
}

function newPassword(): string {
  return randomBytes(18).toString('hex')
}

function accessFile(labRoot: string): string {
  return join(labRoot, 'store.json')
}

function readAll(labRoot: string): AccessFile {
  const path = accessFile(labRoot)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as AccessFile) : {}
}
