/**
 * The certificates of one node, as files in its folder: `certificates/NAME.pem` (leaf, then issuers), `NAME.key`, and
 * `certificates/assignments.json`, which says which of them each of the five references uses.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isSystemError, withLock, writeFileAtomic } from './atomic-files.ts'
import type { IssuedCertificate } from './authority.ts'
import type { CertificateReference } from './certificate-request.ts'
import { writeKeyFile } from './keys.ts'

/** File names inside the folder `certificates`, e.g. `{ certificate: 'fe1-listener.pem', key: 'fe1-listener.key' }`. */
export interface Assignment {
  readonly certificate: string
  readonly key: string
}

/** A reference that is absent has no certificate assigned. */
export type Assignments = { readonly [reference in CertificateReference]?: Assignment }

/** The assignments of a node cannot be used; the message names file and field. */
export class AssignmentError extends Error {
  readonly code: 'assignments-malformed' | 'reference-unknown' | 'certificate-unknown'
  constructor(code: AssignmentError['code'], message: string) {
    super(message)
    this.name = 'AssignmentError'
    this.code = code
  }
}

/** `NODE_DIR` -> `NODE_DIR/certificates`. */
export function certificateFolder(nodeDirectory: string): string {
  return join(nodeDirectory, 'certificates')
}

/**
 * Puts an issued certificate into the folder of a node, key first, so that no certificate is there without its key.
 */
export function saveCertificate(
  nodeDirectory: string,
  issued: Pick<IssuedCertificate, 'name' | 'chainPem' | 'keyPem'>,
): Assignment {
  const folder = certificateFolder(nodeDirectory)
  const stem = plainName(issued.name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeKeyFile(join(folder, `${stem}.key`), issued.keyPem)
  writeFileAtomic(join(folder, `${stem}.pem`), issued.chainPem)
  return { certificate: `${stem}.pem`, key: `${stem}.key` }
}

/** The names of the certificates that lie in the folder of a node, sorted; assigned or not. */
export function listCertificates(nodeDirectory: string): readonly string[] {
  const folder = certificateFolder(nodeDirectory)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => file.endsWith('.pem'))
    .map((file) => basename(file, '.pem'))
    .sort()
}

/**
 * What is assigned; nothing when the file does not exist.
 *
 * @throws AssignmentError `assignments-malformed`
 */
export function readAssignments(nodeDirectory: string): Assignments {
  const path = assignmentsPath(nodeDirectory)
  const text = readIfThere(path)
  if (text === undefined) return {}
  const read = parseJson(text, path)
  if (typeof read !== 'object' || read === null)
    throw new AssignmentError('assignments-malformed', `${path}: wanted an object`)
  return Object.fromEntries(
    Object.entries(read).map(([reference, value]) => [
      asReference(reference),
      asAssignment(value, `${path}: ${reference}`),
    ]),
  )
}

/**
 * Lets a reference use a certificate of the node's folder: `assign(dir, 'listener', 'fe1-listener')`.
 *
 * @param name the stem, or `NAME.pem`
 * @throws AssignmentError `certificate-unknown` when the folder holds no such certificate
 */
export function assign(nodeDirectory: string, reference: CertificateReference, name: string): Assignments {
  const stem = plainName(name.replace(/\.pem$/, ''))
  if (!existsSync(join(certificateFolder(nodeDirectory), `${stem}.pem`))) {
    const known = listCertificates(nodeDirectory).join(', ') || 'none'
    throw new AssignmentError(
      'certificate-unknown',
      `${certificateFolder(nodeDirectory)} holds no certificate ${stem}; there: ${known}`,
    )
  }
  return change(nodeDirectory, (all) => ({
    ...all,
    [asReference(reference)]: { certificate: `${stem}.pem`, key: `${stem}.key` },
  }))
}

/** Takes the certificate from a reference; the files stay. Nothing happens when none was assigned. */
export function unassign(nodeDirectory: string, reference: CertificateReference): Assignments {
  return change(nodeDirectory, ({ [reference]: _taken, ...rest }) => rest)
}

/** The full paths behind a reference. Absent when nothing is assigned. */
export function assignedFiles(
  nodeDirectory: string,
  reference: CertificateReference,
): { readonly certificateFile: string; readonly keyFile: string } | undefined {
  const assignment = readAssignments(nodeDirectory)[reference]
  if (assignment === undefined) return undefined
  const folder = certificateFolder(nodeDirectory)
  return { certificateFile: join(folder, assignment.certificate), keyFile: join(folder, assignment.key) }
}

/**
 * Reads a reference as a person types it: `listener`, `default-outgoing`, `static-route:0`, `edge-internal`,
 * `edge-external`.
 */
export function asReference(text: string): CertificateReference {
  if (isReference(text)) return text
  throw new AssignmentError(
    'reference-unknown',
    `${JSON.stringify(text)} is no certificate reference; wanted listener, default-outgoing, static-route:N, ` +
      'edge-internal or edge-external',
  )
}

function isReference(text: string): text is CertificateReference {
  return (
    ['listener', 'default-outgoing', 'edge-internal', 'edge-external'].includes(text) ||
    /^static-route:\d{1,4}$/.test(text)
  )
}

const assignmentsPath = (nodeDirectory: string): string => join(certificateFolder(nodeDirectory), 'assignments.json')

function change(nodeDirectory: string, edit: (all: Assignments) => Assignments): Assignments {
  const folder = certificateFolder(nodeDirectory)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return withLock(folder, () => {
    const changed = edit(readAssignments(nodeDirectory))
    writeFileAtomic(assignmentsPath(nodeDirectory), `${JSON.stringify(changed, undefined, 2)}\n`)
    return changed
  })
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (isSystemError(cause) && cause.code === 'ENOENT') return undefined
    throw cause
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AssignmentError('assignments-malformed', `${path}: ${String(cause)}`)
  }
}

function asAssignment(value: unknown, where: string): Assignment {
  if (typeof value !== 'object' || value === null || !('certificate' in value) || !('key' in value)) {
    throw new AssignmentError('assignments-malformed', `${where}: wanted {"certificate":"NAME.pem","key":"NAME.key"}`)
  }
  const { certificate, key } = value
  if (typeof certificate !== 'string' || typeof key !== 'string')
    throw new AssignmentError('assignments-malformed', `${where}: wanted two file names`)
  return { certificate: plainName(certificate), key: plainName(key) }
}

/** A name that stays inside the folder. */
function plainName(name: string): string {
  if (/^[\w*][\w.*-]{0,120}$/.test(name)) return name
  throw new AssignmentError(
    'certificate-unknown',
    `${JSON.stringify(name)} is no file name; wanted letters, digits, dots and hyphens`,
  )
}
