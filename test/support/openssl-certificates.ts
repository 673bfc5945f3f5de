/** Certificates for transport tests, made by the openssl command: P-256, one folder per test file. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TlsMaterial } from '../../src/sip/transport/types.ts'

export interface TestCa {
  /** PEM of the root. */
  readonly root: string
  /** A leaf with its key; `days` below zero: it has run out. */
  leaf(
    name: string,
    options?: { readonly days?: number; readonly usage?: string; readonly sans?: readonly string[] },
  ): TestLeaf
  /** A CRL of each CA; the one of the issuing CA names these leaves. */
  crls(revoked: readonly TestLeaf[]): readonly string[]
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
  openssl(
    'x509',
    '-req',
    '-in',
    at('ca.csr'),
    '-CA',
    at('root.pem'),
    '-CAkey',
    at('root.key'),
    '-out',
    at('ca.pem'),
    '-days',
    '20',
    '-extfile',
    at('ca.ext'),
  )
  const root = readFileSync(at('root.pem'), 'utf8')
  const issuing = readFileSync(at('ca.pem'), 'utf8')
  let count = 0
  return {
    crls: (revoked) => [makeCrl(at, 'root', []), makeCrl(at, 'ca', revoked)],
    root,
    leaf(subject, options = {}) {
      count += 1
      const file = (ending: string): string => at(`leaf${count}.${ending}`)
      openssl('req', ...newKey(file('key')), '-out', file('csr'), '-subj', `/CN=${subject}`)
      const sans = (options.sans ?? [subject]).map((san) => `DNS:${san}`).join(',')
      writeFileSync(
        file('ext'),
        `subjectAltName=${sans}\nextendedKeyUsage=${options.usage ?? 'serverAuth,clientAuth'}\n`,
      )
      signLeaf(at, file, options.days ?? 10)
      return { certificate: readFileSync(file('pem'), 'utf8') + issuing, key: readFileSync(file('key'), 'utf8') }
    },
  }
}

/** `openssl x509 -req` cannot write dates in the past in every release; `openssl ca` can. */
function signLeaf(at: (file: string) => string, file: (ending: string) => string, days: number): void {
  if (days > 0) {
    openssl(
      'x509',
      '-req',
      '-in',
      file('csr'),
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-out',
      file('pem'),
      '-days',
      String(days),
      '-extfile',
      file('ext'),
    )
    return
  }
  const dates = ['-startdate', '20240101000000Z', '-enddate', '20240201000000Z']
  openssl(
    'ca',
    '-batch',
    '-notext',
    ...database(at, 'expired'),
    '-in',
    file('csr'),
    ...issuer(at, 'ca'),
    '-out',
    file('pem'),
    ...dates,
    '-extfile',
    file('ext'),
  )
}

function makeCrl(at: (file: string) => string, ca: 'root' | 'ca', revoked: readonly TestLeaf[]): string {
  const options = [...database(at, `${ca}-crl`), ...issuer(at, ca)]
  for (const [index, { certificate }] of revoked.entries()) {
    writeFileSync(at(`revoked${index}.pem`), certificate)
    openssl('ca', ...options, '-revoke', at(`revoked${index}.pem`))
  }
  openssl('ca', ...options, '-gencrl', '-crldays', '10', '-out', at(`${ca}.crl`))
  return readFileSync(at(`${ca}.crl`), 'utf8')
}

/** The files `openssl ca` keeps its books in. */
function database(at: (file: string) => string, name: string): string[] {
  writeFileSync(at(`${name}.index`), '')
  const lines = [
    '[ca]',
    'default_ca=d',
    '[d]',
    `database=${at(`${name}.index`)}`,
    `new_certs_dir=${dirname(at(''))}`,
    'rand_serial=yes',
    'default_md=sha256',
    'policy=p',
    '[p]',
    'commonName=supplied',
  ]
  writeFileSync(at(`${name}.cnf`), `${lines.join('\n')}\n`)
  return ['-config', at(`${name}.cnf`)]
}

function issuer(at: (file: string) => string, ca: 'root' | 'ca'): string[] {
  return ['-cert', at(`${ca}.pem`), '-keyfile', at(`${ca}.key`)]
}

export function materialOf(leaf: TestLeaf, roots: readonly string[], changes: Partial<TlsMaterial> = {}): TlsMaterial {
  const own = new X509Certificate(leaf.certificate)
  return {
    certificate: leaf.certificate,
    key: leaf.key,
    ca: roots,
    crl: undefined,
    own: {
      serial: own.serialNumber,
      fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: own.validToDate.getTime(),
    },
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
