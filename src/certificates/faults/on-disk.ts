/**
 * A fault put on the files of a node, and taken off again. What was there is kept beside it first, so that heal gives
 * back exactly what break found, whatever happened in between.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { writeFileAtomic } from '../atomic-files.ts'
import { isVerdictCode, type VerdictCode } from '../verdict-codes.ts'
import { atStart } from './at-start.ts'
import type { Fault } from './fault.ts'
import type { EndSettings, Variation } from './variation.ts'
import type { FaultPki } from './fault-pki.ts'

/** What a fault changes in a running lab. */
export interface LabChange {
  readonly fault: Fault
  readonly variation: Variation
  /** The files of the target change. */
  readonly changesPresenter: boolean
  /** Trust list or CRLs change: those of the target when the fault `breaks` the judge, else those of every peer. */
  readonly changesJudge: boolean
  /** TLS settings of the target, where the fault lies in them. */
  readonly settings?: EndSettings
  /** What the start-up check must let pass, so that the fault can go live without a restart. */
  readonly tolerate: readonly VerdictCode[]
  /** Only a restart shows it: the fault stops the node before any connection. */
  readonly needsRestart: boolean
}

/**
 * What `siplab break NODE FAULT` does. Absent for a fault that lies in the name dialled, which a lab does not change.
 *
 * @param scratch an empty folder that only this call uses
 */
export function labChange(fault: Fault, pki: FaultPki, scratch: string): LabChange | undefined {
  const variation = fault.make(pki)
  if (variation.wantedName !== pki.name || variation.withoutSni === true) return undefined
  const { presenter, judge } = variation
  const settings = fault.breaks === 'judge' ? judge.settings : presenter.settings
  const changesJudge = judge.crls !== undefined || judge.trust?.join('') !== pki.root.pem
  return {
    fault,
    variation,
    changesPresenter: fault.breaks !== 'judge',
    changesJudge,
    ...(settings === undefined ? {} : { settings }),
    tolerate: atStart(pki, variation, scratch)
      .verdicts.map(({ code }) => code)
      .filter(isVerdictCode),
    needsRestart: fault.expect.kind === 'stops-start',
  }
}

/**
 * Replaces certificate and key of one reference of the target; its trust list gains what it needs to complete its own
 * chain.
 */
export function putOnPresenter(
  { variation: { presenter } }: LabChange,
  files: { readonly certificateFile: string; readonly keyFile: string; readonly trustFile?: string },
): void {
  replace(files.certificateFile, presenter.certificate, 0o644)
  replace(files.keyFile, presenter.key, presenter.keyMode ?? 0o600)
  if (presenter.trust !== undefined && files.trustFile !== undefined)
    replace(files.trustFile, readFileSync(files.trustFile, 'utf8') + presenter.trust, 0o644)
}

/**
 * Replaces the trust list and the CRLs of a node that judges. A peer of the target keeps its roots and gains what the
 * fault needs.
 */
export function putOnJudge(
  { fault, variation: { judge } }: LabChange,
  files: { readonly trustFile: string; readonly crlFolder: string },
): void {
  const wanted = judge.trust?.join('')
  replace(
    files.trustFile,
    fault.breaks === 'judge' ? wanted : readFileSync(files.trustFile, 'utf8') + (wanted ?? ''),
    0o644,
  )
  if (judge.crls === undefined) return
  mkdirSync(files.crlFolder, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(files.crlFolder).filter((file) => file.endsWith('.pem')))
    replace(join(files.crlFolder, name), undefined, 0o644)
  for (const [index, crl] of judge.crls.entries()) replace(join(files.crlFolder, `fault-${index}.pem`), crl, 0o644)
}

/**
 * Takes every fault off the files in these folders: what was kept comes back, what a fault brought goes.
 *
 * @returns the files that came back or went; empty when no fault was on
 */
export function takeOff(...folders: readonly string[]): readonly string[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => {
      const kept = readdirSync(folder).filter((file) => file.endsWith(keptEnding) || file.endsWith(broughtEnding))
      for (const file of kept) giveBack(join(folder, file))
      return kept.map((file) => join(folder, file.slice(0, file.lastIndexOf('.'))))
    })
}

const keptEnding = '.healthy'
const broughtEnding = '.brought'

function giveBack(marker: string): void {
  const path = join(dirname(marker), basename(marker).slice(0, basename(marker).lastIndexOf('.')))
  if (marker.endsWith(keptEnding)) return renameSync(marker, path)
  rmSync(path, { force: true })
  rmSync(marker)
}

/** A second fault on the same file keeps what the first one found. */
function replace(path: string, content: string | Uint8Array | undefined, mode: number): void {
  keep(path)
  if (content === undefined) return rmSync(path, { force: true })
  writeFileAtomic(path, content, 0o600)
  chmodSync(path, mode)
}

function keep(path: string): void {
  if (existsSync(path + keptEnding) || existsSync(path + broughtEnding)) return
  if (!existsSync(path)) return writeFileAtomic(path + broughtEnding, '')
  const { mode } = statSync(path)
  copyFileSync(path, path + keptEnding)
  chmodSync(path + keptEnding, mode)
}
