/**
 * Every fault of the catalogue, injected at a server in this process and looked at by a check: fault × profile -> what
 * the check calls it.
 */
import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault, Side } from '../../src/faults/catalogue/fault.ts'
import type { EndSettings, Presenter, Variation } from '../../src/faults/catalogue/variation.ts'
import type { FaultPki } from '../../src/faults/catalogue/fault-pki.ts'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import {
  allSteps,
  checkProfile,
  checkReport,
  crlFiles,
  identityFiles,
  CheckLog,
  systemTrust,
  totals,
  trustFiles,
  walk,
} from '../../src/check/index.ts'
import type { CheckOptions, CheckProfileName, CheckReport, TlsLimits } from '../../src/check/index.ts'
import { createResolver } from '../../src/sip/transport/dial/resolver.ts'
import { systemClock } from '../../src/sip/clock.ts'
import { faultServer } from '../support/sip-server.ts'

export interface Row {
  readonly fault: string
  readonly side: Side
  readonly profile: CheckProfileName
  /** `ok` for a positive control. */
  readonly expected: string
  /** The code of the whole check. */
  readonly verdict: string
  /** All well where it should be, or the expected code is what the check says, or stands among what it lists. */
  readonly named: 'first' | 'listed' | 'no'
  readonly ms: number
}

/** One cell of the table. */
export async function checkFault(pki: FaultPki, fault: Fault, side: Side, profile: CheckProfileName): Promise<Row> {
  const expectation = (side === 'client' ? fault.expectClient : undefined) ?? fault.expect
  const report = await checkedReport(pki, fault, side, profile)
  const caught = expectation.verdict ?? 'ok'
  const expected = sameFault[`${fault.slug} ${side}`] ?? caught
  return {
    fault: fault.slug,
    side,
    profile,
    expected,
    verdict: report.code,
    named: namedAs(report, expected),
    ms: report.ms,
  }
}

/**
 * A file of ours says more than the handshake could: the label that OpenSSL skips, and not only what is missing for it.
 */
const sameFault: Readonly<Record<string, string>> = {
  // A check compares every name: it is no client that does not.
  'name-unchecked server': 'cert.name-mismatch',
  // A check reads its own files at every start.
  'renewed-not-reloaded client': 'cert.expired',
  'chain-second-mislabelled client': 'file.partial',
  'trusted-certificate-label client': 'file.trusted-label',
}

function namedAs(report: CheckReport, expected: string): Row['named'] {
  if (report.code === expected) return 'first'
  if (expected === 'ok') return 'no'
  return codesOf(report).has(expected) ? 'listed' : 'no'
}

function codesOf(report: CheckReport): ReadonlySet<string> {
  return new Set(
    allSteps(report.steps).flatMap(({ code, verdict }) => [
      code,
      ...(verdict === undefined ? [] : verdictCodes(verdict)),
    ]),
  )
}

function verdictCodes({ code, candidates = [], others = [] }: Verdict): readonly string[] {
  return [code, ...candidates.map((each) => each.code), ...others.flatMap(verdictCodes)]
}

export async function checkedReport(
  ground: FaultPki,
  fault: Fault,
  side: Side,
  profile: CheckProfileName,
): Promise<CheckReport> {
  // A whole table takes more than the minute that a short-lived certificate lasts.
  const pki = { ...ground, now: Date.now() }
  const variation = fault.make(pki)
  const folder = mkdtempSync(join(tmpdir(), 'siplab-fault-'))
  try {
    // A server that cannot start is not met: the same files are ours then.
    const ours = fault.expect.kind === 'stops-start'
    const server = await faultServer(pki, ours ? pki.good() : variation, ours ? 'server' : side)
    const dialled = side === 'server' ? variation.wantedName : 'director.lab.test'
    const options = optionsFor(pki, fault, variation, side, profile, folder)
    const began = performance.now()
    const log = new CheckLog()
    const candidate = {
      host: dialled,
      port: server.port,
      transport: 'tls',
      addresses: ['127.0.0.1'],
      names: [dialled],
      found: 'given',
    } as const
    await walk(log, [candidate], { uri: `sip:${dialled}`, from: 'sip:check@lab.test' }, options).finally(() =>
      server.close(),
    )
    return checkReport(
      fault.slug,
      profile,
      new Date(pki.now),
      log.steps,
      totals(log.steps).verdict,
      performance.now() - began,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function optionsFor(
  pki: FaultPki,
  fault: Fault,
  variation: Variation,
  side: Side,
  profile: CheckProfileName,
  folder: string,
): CheckOptions {
  const { presenter, judge, wantedName } = variation
  const ours = side === 'client' || fault.expect.kind === 'stops-start'
  const settings = ours ? presenter.settings : judge.settings
  const trust =
    judge.trust === undefined
      ? systemTrust()
      : trustFiles(
          [
            write(
              folder,
              'trust.pem',
              [...judge.trust, ...(ours && presenter.trust !== undefined ? [presenter.trust] : [])].join(''),
            ),
          ],
          'the judge',
        )
  const [only] = fault.versions ?? []
  return {
    profile: checkProfile(profile),
    trust,
    ...crlFiles((judge.crls ?? []).map((crl, index) => write(folder, `${index}.crl.pem`, crl))),
    known: [pki.root, pki.issuing].map(({ pem }) => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')),
    ...((ours && presenter.certificate !== undefined) || fault.expect.kind === 'stops-start'
      ? { own: ownOf(folder, presenter, side === 'client' ? [wantedName] : []) }
      : {}),
    limits: { ...(only === undefined || ours ? {} : { minVersion: only, maxVersion: only }), ...limitsOf(settings) },
    ...(side === 'server' && judge.settings?.allowPartialTrustChain === true ? { allowPartialTrustChain: true } : {}),
    ...(side === 'server' && presenter.served !== undefined
      ? { serverFile: new X509Certificate(String(presenter.certificate)).raw }
      : {}),
    ...(judge.settings?.sendsProxyHeader === true ? { proxyProtocol: true } : {}),
    ...(variation.withoutSni === true || judge.settings?.sni !== undefined ? { withoutSni: true } : {}),
    // The slowest answer takes half a second; no fault is one that never answers.
    timeoutMs: 30_000,
    resolver: createResolver({ clock: systemClock, servers: ['127.0.0.1:9'] }),
    relaxedNaming: false,
    probe: false,
    now: () => pki.now,
  }
}

function ownOf(folder: string, presenter: Presenter, names: readonly string[]): ReturnType<typeof identityFiles> {
  const { keyMode = 0o600, passphrase } = presenter
  const { certificate, key } = presenter.served ?? presenter
  return identityFiles(
    write(folder, 'own.pem', certificate),
    write(folder, 'own.key', key, keyMode),
    'own.pem',
    names,
    passphrase,
  )
}

function write(folder: string, name: string, content: string | Uint8Array | undefined, mode = 0o644): string {
  const path = join(folder, name)
  if (content === undefined) return path
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

function limitsOf(settings: EndSettings = {}): TlsLimits {
  const { minVersion, maxVersion, ciphers, ecdhCurve, sigalgs, alpn } = settings
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(ecdhCurve === undefined ? {} : { groups: ecdhCurve }),
    ...(sigalgs === undefined ? {} : { signatures: sigalgs }),
    ...(alpn === undefined ? {} : { alpn }),
  }
}
