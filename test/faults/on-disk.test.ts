import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { initAuthority } from '../../src/certificates/authority.ts'
import type { CertificateRequest } from '../../src/certificates/certificate-request.ts'
import type { Fault } from '../../src/faults/catalogue/fault.ts'
import { labFaultPki } from '../../src/faults/catalogue/fault-pki.ts'
import { faults, findFault } from '../../src/faults/catalogue/index.ts'
import { labChange, putOnJudge, putOnPresenter, takeOff } from '../../src/faults/catalogue/on-disk.ts'
import { saveCertificate } from '../../src/certificates/node-certificates.ts'
import { checkOwnCertificate, type OwnCertificateResult } from '../../src/certificates/startup-check.ts'
import type { VerdictCode } from '../../src/certificates/verdict-codes.ts'

const now = Date.now()
const authority = initAuthority(t.testdir(), { domain: 'lab.test', now, crlUrl: 'http://pki.lab.test' })
const request: CertificateRequest = {
  name: 'fe1',
  commonName: 'fe1.lab.test',
  dnsNames: ['fe1.lab.test'],
  uriNames: ['sip:lab.test'],
  ipAddresses: [],
  purposes: ['serverAuth', 'clientAuth'],
  authority: 'internal',
  keyType: 'p256',
  validSeconds: 86_400,
}
const pki = labFaultPki(authority, request, now)

interface Node {
  readonly folder: string
  readonly files: {
    readonly certificateFile: string
    readonly keyFile: string
    readonly trustFile: string
    readonly crlFolder: string
  }
  readonly scratch: string
}

function node(t: Test): Node {
  const root = t.testdir()
  saveCertificate(root, authority.issue(request, now))
  writeFileSync(join(root, 'trust.pem'), authority.trust('internal').pem)
  mkdirSync(join(root, 'crl'))
  const folder = join(root, 'certificates')
  return {
    folder,
    scratch: join(root, 'scratch'),
    files: {
      certificateFile: join(folder, 'fe1.pem'),
      keyFile: join(folder, 'fe1.key'),
      trustFile: join(root, 'trust.pem'),
      crlFolder: join(root, 'crl'),
    },
  }
}

function check({ files }: Node, tolerate: readonly VerdictCode[] = []): OwnCertificateResult {
  return checkOwnCertificate({
    ...files,
    crlFiles: readdirSync(files.crlFolder)
      .filter((file) => file.endsWith('.pem'))
      .map((file) => join(files.crlFolder, file)),
    names: ['fe1.lab.test'],
    purposes: ['serverAuth', 'clientAuth'],
    now,
    tolerate: new Set(tolerate),
    rules: {
      names: { commonName: 'allowed', sanRepeatsSubject: true, wildcards: 'refused', uriNames: 'read' },
      crl: { distributionPoint: 'required' },
      warnAtFraction: 0.33,
    },
  })
}

function fault(slug: string): Fault {
  const found = findFault(slug)
  if (found === undefined) throw new Error(`no fault ${slug}`)
  return found
}

t.test('the good leaf of a lab passes the start-up check of the strictest profile', async (t) => {
  const one = node(t)
  const { presenter } = pki.good()
  writeFileSync(one.files.certificateFile, String(presenter.certificate))
  writeFileSync(one.files.keyFile, String(presenter.key))
  t.equal(check(one).ok, true)
})

t.test('a fault goes live with what it tolerates, and stops the start without', async (t) => {
  const one = node(t)
  const change = labChange(fault('expired'), pki, one.scratch)
  if (change === undefined) return t.fail('does not fit a lab')
  putOnPresenter(change, one.files)
  const strict = check(one)
  t.match(
    [strict.ok, check(one, change.tolerate).ok, strict.ok ? '' : strict.verdicts[0].code],
    [false, true, 'cert.expired'],
  )
})

t.test('heal gives back what break found, after two faults in a row', async (t) => {
  const one = node(t)
  const before = [
    readFileSync(one.files.certificateFile, 'utf8'),
    readFileSync(one.files.keyFile, 'utf8'),
    statSync(one.files.keyFile).mode,
  ]
  for (const slug of ['expired', 'key-open-to-others', 'key-missing']) {
    const change = labChange(fault(slug), pki, one.scratch)
    if (change !== undefined) putOnPresenter(change, one.files)
  }
  takeOff(one.folder)
  t.same(
    [
      readFileSync(one.files.certificateFile, 'utf8'),
      readFileSync(one.files.keyFile, 'utf8'),
      statSync(one.files.keyFile).mode,
    ],
    before,
  )
  t.same(readdirSync(one.folder).sort(), ['fe1.key', 'fe1.pem'])
})

t.test('a judge gains the CRLs of a fault and loses them again', async (t) => {
  const one = node(t)
  const change = labChange(fault('crl-expired'), pki, one.scratch)
  if (change === undefined) return t.fail('does not fit a lab')
  putOnJudge(change, one.files)
  const broken = check(one)
  takeOff(one.files.crlFolder, join(one.files.trustFile, '..'))
  t.match(
    [broken.ok ? '' : broken.verdicts[0].code, readdirSync(one.files.crlFolder), check(one).ok],
    ['crl.expired', [], true],
  )
})

t.test('a fault in the name dialled does not fit a lab', async (t) => {
  t.equal(labChange(fault('ip-not-in-san'), pki, join(t.testdir(), 'scratch')), undefined)
})

t.test('most faults fit a lab', async (t) => {
  const scratch = t.testdir()
  const fitting = faults.filter((one) => labChange(one, pki, join(scratch, one.slug)) !== undefined)
  t.ok(fitting.length > 120, `${fitting.length} of ${faults.length}`)
})
