/**
 * The authority of a survey: a root and an issuing CA of its own in a folder of the administrator, and the lists that
 * revoke what the survey shows as revoked. The surveyed end trusts the root as long as the survey lasts.
 */
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePrivateFolder, writeFileAtomic } from '../certificates/atomic-files.ts'
import { readKeyFile, writeKeyFile } from '../certificates/keys.ts'
import { faultPki, type FaultPki } from '../faults/catalogue/fault-pki.ts'
import { findFault } from '../faults/catalogue/index.ts'
import type { Presenter, Variation } from '../faults/catalogue/variation.ts'

/** What is in the folder of a survey. */
export interface SurveyGround {
  readonly folder: string
  /** Files, PEM: the root to install, and the CRLs of its CAs. */
  readonly rootFile: string
  readonly crlFile: string
  readonly root: X509Certificate
  /** The builders of the fault catalogue under this root; `name` is in the good certificate. */
  pki(name: string, now: number): FaultPki
  /** Certificates that the CRLs of the folder revoke, by the slug of their fault. */
  revoked(slug: string): Presenter | undefined
}

export class GroundError extends Error {
  override readonly name = 'GroundError'
  readonly code = 'survey.root'
}

const dayMs = 86_400_000
const validDays = 30
/** Faults whose certificates must be on the CRLs before the administrator installs those. */
const revocable = ['revoked', 'intermediate-revoked'] as const

/** The name in certificates of a survey that were given none; RFC 2606 reserves `.invalid`. */
export const surveyName = 'client.survey.invalid'

/** Makes the authority of a survey, or opens the one that is there. A root that ends within a day is made anew. */
export function openGround(folder: string, now: number): SurveyGround {
  const known = existsSync(join(folder, 'root.pem')) ? read(folder) : undefined
  if (known !== undefined && known.root.validToDate.getTime() > now + dayMs) return known
  create(folder, now)
  return read(folder)
}

/** The authority that is there. @throws GroundError where there is none, or its root has ended */
export function existingGround(folder: string, now: number): SurveyGround {
  if (!existsSync(join(folder, 'root.pem')))
    throw new GroundError(
      `wanted the root of a survey in ${folder}, found none; siplab survey root makes it and says how to install it`,
    )
  const ground = read(folder)
  if (ground.root.validToDate.getTime() > now) return ground
  throw new GroundError(
    `the root of the survey in ${folder} ended on ${ground.root.validToDate.toISOString().slice(0, 10)}; ` +
      'siplab survey root makes a new one, which is to be installed instead of the old one',
  )
}

function create(folder: string, now: number): void {
  makePrivateFolder(folder)
  const fresh = faultPki({ now, name: surveyName })
  const notAfter = new Date(now + validDays * dayMs)
  const root = fresh.ca({ commonName: `siplab survey Root CA ${new Date(now).toISOString().slice(0, 10)}`, notAfter })
  const issuing = fresh.ca({ commonName: 'siplab survey Issuing CA', issuer: root, notAfter })
  const pki = faultPki({ now, name: surveyName, root, issuing })
  const lists: string[] = []
  for (const slug of revocable) {
    const variation = findFault(slug)?.make(pki)
    if (variation === undefined) throw new Error(`the fault catalogue has no ${slug}`)
    writeFileAtomic(join(folder, `${slug}.pem`), String(variation.presenter.certificate))
    writeKeyFile(join(folder, `${slug}.key`), String(variation.presenter.key))
    lists.push(...(variation.judge.crls ?? []))
  }
  // Of `revoked` the list of the issuing CA, of `intermediate-revoked` those of the root and of the revoked CA.
  writeFileAtomic(join(folder, 'crls.pem'), lists.slice(1).join(''))
  writeFileAtomic(join(folder, 'issuing.pem'), issuing.pem)
  writeKeyFile(join(folder, 'issuing.key'), issuing.key)
  writeKeyFile(join(folder, 'root.key'), root.key)
  // Last: a folder with a root is a whole one.
  writeFileAtomic(join(folder, 'root.pem'), root.pem)
}

function read(folder: string): SurveyGround {
  const ca = (name: string): { readonly pem: string; readonly key: ReturnType<typeof readKeyFile> } => ({
    pem: readFileSync(join(folder, `${name}.pem`), 'utf8'),
    key: readKeyFile(join(folder, `${name}.key`)),
  })
  const root = ca('root')
  const issuing = ca('issuing')
  return {
    folder,
    rootFile: join(folder, 'root.pem'),
    crlFile: join(folder, 'crls.pem'),
    root: new X509Certificate(root.pem),
    pki: (name, now) => faultPki({ now, name, root, issuing }),
    revoked(slug) {
      if (!revocable.some((each) => each === slug)) return undefined
      const certificate = readFileSync(join(folder, `${slug}.pem`), 'utf8')
      return { certificate, key: readFileSync(join(folder, `${slug}.key`), 'utf8') }
    },
  }
}

/** The certificate and key of an end, as TLS wants them. Absent: it shows none. */
export function shownBy({ presenter }: Pick<Variation, 'presenter'>): { cert: string; key: string } | undefined {
  const { certificate, key } = presenter
  if (certificate === undefined || key === undefined) return undefined
  return { cert: asText(certificate), key: asText(key) }
}

function asText(content: string | Uint8Array): string {
  return typeof content === 'string' ? content : Buffer.from(content).toString('latin1')
}
