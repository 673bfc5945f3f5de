/** A CA and one P-256 certificate for everybody, good in both directions, made with the lab's own authority. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { initAuthority } from '../../src/certificates/authority.ts'

export interface BenchCertificates {
  readonly certificateFile: string
  readonly keyFile: string
  readonly caFile: string
}

export function makeCertificates(folder: string): BenchCertificates {
  const authority = initAuthority(join(folder, 'pki'), { domain: 'bench.test', now: Date.now() })
  const issued = authority.issue(
    {
      name: 'bench',
      commonName: 'bench.test',
      dnsNames: ['bench.test', 'localhost'],
      uriNames: [],
      ipAddresses: ['127.0.0.1'],
      purposes: ['serverAuth', 'clientAuth'],
      authority: 'internal',
      keyType: 'p256',
      validSeconds: 86_400,
    },
    Date.now(),
  )
  mkdirSync(folder, { recursive: true })
  const files = {
    certificateFile: join(folder, 'bench.pem'),
    keyFile: join(folder, 'bench.key'),
    caFile: authority.trust('internal').path,
  }
  writeFileSync(files.certificateFile, issued.chainPem)
  writeFileSync(files.keyFile, issued.keyPem, { mode: 0o600 })
  return files
}
