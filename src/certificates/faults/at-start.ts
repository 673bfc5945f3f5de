/** A variation as files in a folder, and what the start-up check and Node alone say to them. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { nodeErrorToCode } from '../node-errors.ts'
import { type CertificateRules, checkOwnCertificate } from '../startup-check.ts'
import type { Verdict } from '../verdict.ts'
import { verdict } from '../verdict-codes.ts'
import type { Judge, Presenter, Variation } from './variation.ts'
import type { FaultPki } from './fault-pki.ts'

export interface AtStart {
  /** What stops the node, most important first. Empty: it starts. */
  readonly verdicts: readonly Verdict[]
  /** The code Node throws when it is made to start all the same. Absent: it does not mind. */
  readonly node?: string
}

const rules: CertificateRules = {
  names: { commonName: 'allowed', sanRepeatsSubject: true, wildcards: 'refused', uriNames: 'read' },
  crl: { distributionPoint: 'advised' },
  warnAtFraction: 0.33,
}

/** Puts one end together from what the fault changed, with the good rest, as `siplab break` does in a lab. */
export function atStart(pki: FaultPki, variation: Variation, folder: string): AtStart {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { presenter, judge } = variation
  const files = writeFiles(folder, presenter, judge)
  const result = checkOwnCertificate({
    ...files,
    names: [pki.name],
    purposes: ['serverAuth', 'clientAuth'],
    rules,
    now: pki.now,
    ...(presenter.passphrase === undefined ? {} : { passphrase: presenter.passphrase }),
  })
  const node = whatNodeThrows(presenter, judge)
  const found = result.ok ? [] : result.verdicts
  if (node === undefined) return { verdicts: found }
  return { verdicts: found.length > 0 ? found : [verdict(nodeErrorToCode(node), { found: node })], node }
}

/** An empty text counts as absent for Node, empty octets do not. */
function asGiven(content: string | Uint8Array): string | Buffer {
  return typeof content === 'string' ? content : Buffer.from(content)
}

function writeFiles(
  folder: string,
  presenter: Presenter,
  judge: Judge,
): {
  readonly certificateFile: string
  readonly keyFile: string
  readonly trustFile: string
  readonly crlFiles: readonly string[]
} {
  const put = (name: string, content: string | Uint8Array | undefined, mode = 0o644): string => {
    const path = join(folder, name)
    if (content === undefined) return path
    writeFileSync(path, content)
    chmodSync(path, mode)
    return path
  }
  return {
    certificateFile: put('own.pem', presenter.certificate),
    keyFile: put('own.key', presenter.key, presenter.keyMode ?? 0o600),
    trustFile: put('trust.pem', judge.trust?.join('')),
    crlFiles: (judge.crls ?? []).map((crl, index) => put(`${index}.crl.pem`, crl)),
  }
}

function whatNodeThrows(
  { certificate, key, passphrase, settings }: Presenter,
  { trust, crls }: Judge,
): string | undefined {
  try {
    createServer({
      ...(certificate === undefined ? {} : { cert: asGiven(certificate) }),
      ...(key === undefined ? {} : { key: asGiven(key) }),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(trust === undefined ? {} : { ca: [...trust] }),
      ...(crls === undefined ? {} : { crl: [...crls] }),
      ...(settings?.ciphers === undefined ? {} : { ciphers: settings.ciphers }),
    })
    return undefined
  } catch (failure) {
    return failure instanceof Error && 'code' in failure ? String(failure.code) : String(failure)
  }
}
