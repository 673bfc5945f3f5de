/** What siplab says of a foreign peer: `check` when it dials one, the verdict of a node when it is dialled. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { pemBlocks } from '../../src/certificates/examine/pem.ts'
import {
  checkProfile,
  crlFiles,
  identityFiles,
  CheckLog,
  totals,
  trustFiles,
  walk,
  type CheckOptions,
} from '../../src/check/index.ts'
import { diagnosePeer, diagnoseRefusal, diagnoseSilence, nodeDirectory } from '../../src/node/diagnosis.ts'
import { groundOf } from '../../src/node/examine-peer.ts'
import { systemClock } from '../../src/sip/clock.ts'
import { createResolver } from '../../src/sip/transport/dial/resolver.ts'
import { createTransport } from '../../src/sip/transport/index.ts'
import type { PeerIdentity } from '../../src/sip/transport/flow.ts'
import type { Judgement, PeerEvidence, TlsMaterial } from '../../src/sip/transport/types.ts'
import { configFolder, loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import { nodeErrorToCode } from '../../src/verdicts/node-errors.ts'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import { dialledName, type EndFiles, type TlsVersion } from '../stacks/stack.ts'

/** The verdict of `siplab check` against a server at this port; undefined: all is well. */
export async function checkAnswer(files: EndFiles, port: number, version: TlsVersion): Promise<Verdict | undefined> {
  const log = new CheckLog()
  const candidate = {
    host: dialledName,
    port,
    transport: 'tls',
    addresses: ['127.0.0.1'],
    names: [dialledName],
    found: 'given',
  } as const
  await walk(log, [candidate], { uri: `sip:${dialledName}`, from: 'sip:check@lab.test' }, checkOptions(files, version))
  return totals(log.steps).verdict
}

function checkOptions({ own, trust, crl }: EndFiles, version: TlsVersion): CheckOptions {
  const only = `TLSv${version}` as const
  return {
    profile: checkProfile('sbc'),
    trust: trustFiles([trust], '--ca roots.pem'),
    ...crlFiles([]),
    ...(crl === undefined ? {} : { crls: pemBlocks(readFileSync(crl, 'utf8')).map(crlPem) }),
    known: [],
    ...(own === undefined ? {} : { own: identityFiles(own.chain, own.key, 'own.pem', []) }),
    limits: { minVersion: only, maxVersion: only },
    timeoutMs: 1500,
    resolver: createResolver({ clock: systemClock, servers: ['127.0.0.1:9'] }),
    relaxedNaming: false,
    probe: false,
    now: Date.now,
  }
}

function crlPem(der: Buffer): string {
  return `-----BEGIN X509 CRL-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`
}

export interface Listening {
  readonly port: number
  /** The first verdict about a connection; `accepted`: both ends took each other; undefined: no connection came. */
  verdict(patienceMs: number): Promise<Verdict | 'accepted' | undefined>
  close(): Promise<void>
}

/** A listener with the transport and the verdicts of a node of the lab. */
export async function listen(files: EndFiles, version: TlsVersion): Promise<Listening> {
  const lab = planLab(loadTopology('standard', configFolder()))
  const [first] = lab.nodes
  if (first === undefined) throw new Error('the topology standard has a node')
  const plan = nodePlan(lab, first.name)
  const who = nodeDirectory(lab)
  const material = materialOf(files, version)
  const { promise, resolve } = Promise.withResolvers<Verdict | 'accepted'>()
  const judge = (evidence: PeerEvidence): Judgement => {
    if (evidence.authorized) return { kind: 'accept', peer: peerOf(evidence) }
    const code = nodeErrorToCode(evidence.errorCode, evidence.errorMessage)
    const detail = diagnosePeer(plan, who, groundOf(material, Date.now()), code, evidence)
    return { kind: 'refuse', code, detail }
  }
  const transport = createTransport({
    clock: systemClock,
    judge,
    user: {
      onRequest: () => resolve('accepted'),
      onResponse: () => undefined,
      onFlowOpened: () => undefined,
      onFlowClosed: (flow, because) => {
        if (flow.confirmed) return resolve('accepted')
        resolve(diagnoseSilence(plan, who, { remote: flow.remote, because, own: material }))
      },
      onRefused: (refusal) => resolve(diagnoseRefusal(plan, who, refusal, material)),
      onIncident: () => undefined,
    },
  })
  const listener = await transport.listen({
    face: 'internal',
    transport: 'tls',
    address: '127.0.0.1',
    port: 0,
    mutual: 'required',
    tls: material,
  })
  return {
    port: listener.local.port,
    verdict: (patienceMs) => Promise.race([promise, delay(patienceMs, undefined, { ref: false })]),
    close: () => transport.close(),
  }
}

function peerOf({ chain: [leaf] }: PeerEvidence): PeerIdentity {
  const shown = leaf === undefined ? undefined : new X509Certificate(leaf)
  const subject = shown?.subject ?? ''
  return { class: 'server', names: [], subject, serial: shown?.serialNumber ?? '', fingerprint: '', notAfter: 0 }
}

function materialOf({ own, trust, crl }: EndFiles, version: TlsVersion): TlsMaterial {
  if (own === undefined) throw new Error('a listener has a certificate')
  const certificate = readFileSync(own.chain, 'utf8')
  const leaf = new X509Certificate(certificate)
  return {
    certificate,
    key: readFileSync(own.key, 'utf8'),
    ca: [readFileSync(trust, 'utf8')],
    crl: crl === undefined ? undefined : pemBlocks(readFileSync(crl, 'utf8')).map(crlPem),
    own: {
      serial: leaf.serialNumber,
      fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: leaf.validToDate.getTime(),
    },
    minVersion: `TLSv${version}`,
    maxVersion: `TLSv${version}`,
    ciphers: undefined,
  }
}
