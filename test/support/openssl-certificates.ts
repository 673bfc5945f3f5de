/** Certificates for transport tests, made by the openssl command: P-256, one folder per test file. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsMaterial } from '../../src/sip/transport/types.ts'

export interface TestCa {
  /** PEM of the root. */
  readonly root: string
  /** A leaf with its key; `days` below zero: it has run out. */
  leaf(name: string, options?: { readonly days?: number; readonly usage?: string; readonly sans?: readonly string[] }): TestLeaf
}

export interface TestLeaf {
  readonly certificate: string
  readonly key: string
}

/** Makes a root with an issuing CA below it in `folder` (`t.testdir()`). */
export function testCa(folder: string, name = 'siplab test root'): TestCa {
  const at = (file: string): string => join(folder, `${name.replaceAll(' ', '-')}-${file}`)
  openssl('req', '-x509', ...newKey(at('root.key')), '-out', at('root.pem'), '-subj', `/CN=${name}`, '-days', '30')
  openssl('req', ...newKey(at('ca.key')), '-out', at('ca.csr'), '-subj', `/CN=${name} issuing`)
  writeFileSync(at('ca.ext'), 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n')
  openssl('x509', '-req', '-in', at('ca.csr'), '-CA', at('root.pem'), '-CAkey', at('root.key'), '-out', at('ca.pem'), '-days', '20', '-extfile', at('ca.ext'))
  const root = readFileSync(at('root.pem'), 'utf8')
  const issuing = readFileSync(at('ca.pem'), 'utf8')
  let count = 0
  return {
    root,
    leaf(subject, options = {}) {
      count += 1
      const file = (ending: string): string => at(`leaf${count}.${ending}`)
      openssl('req', ...newKey(file('key')), '-out', file('csr'), '-subj', `/CN=${subject}`)
      const sans = (options.sans ?? [subject]).map((san) => `DNS:${san}`).join(',')
      writeFileSync(file('ext'), `subjectAltName=${sans}\nextendedKeyUsage=${options.usage ?? 'serverAuth,clientAuth'}\n`)
      signLeaf(at, file, options.days ?? 10)
      return { certificate: readFileSync(file('pem'), 'utf8') + issuing, key: readFileSync(file('key'), 'utf8') }
    },
  }
}

/** `openssl x509 -req` cannot write dates in the past in every release; `openssl ca` can. */
function signLeaf(at: (file: string) => string, file: (ending: string) => string, days: number): void {
  if (days > 0) {
    openssl('x509', '-req', '-in', file('csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-out', file('pem'), '-days', String(days), '-extfile', file('ext'))
    return
  }
  writeFileSync(file('index'), '')
  writeFileSync(file('cnf'), `[ca]\ndefault_ca=d\n[d]\ndatabase=${file('index')}\nnew_certs_dir=${join(at(''), '..')}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`)
  openssl('ca', '-batch', '-notext', '-config', file('cnf'), '-in', file('csr'), '-cert', at('ca.pem'), '-keyfile', at('ca.key'), '-out', file('pem'), '-startdate', '20240101000000Z', '-enddate', '20240201000000Z', '-extfile', file('ext'))
}

export function materialOf(leaf: TestLeaf, roots: readonly string[], changes: Partial<TlsMaterial> = {}): TlsMaterial {
  const own = new X509Certificate(leaf.certificate)
  return {
    certificate: leaf.certificate,
    key: leaf.key,
    ca: roots,
    crl: undefined,
    own: { serial: own.serialNumber, fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(), notAfter: own.validToDate.getTime() },
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: undefined,
    ...changes,
  }
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file]
}

function openssl(...options: readonly string[]): void {
  execFileSync('openssl', options, { stdio: 'pipe' })
}
