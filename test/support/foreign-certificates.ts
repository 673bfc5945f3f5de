/**
 * Certificates for peers that are no node of the lab: from the lab's own CA, or from one the lab has never heard of.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openAuthority } from '../../src/certificates/authority.ts'
import type { TestLab } from './lab.ts'
import { testCa } from './openssl-certificates.ts'

export interface CertificateFiles {
  /** The leaf, then its issuing CA. */
  readonly certificate: string
  readonly key: string
}

/** `fromLab(lab, t.testdir(), 'peer.lab.test')`: both purposes, for a day. */
export function fromLab(lab: TestLab, folder: string, name: string): CertificateFiles {
  const request = {
    name,
    commonName: name,
    dnsNames: [name],
    uriNames: [],
    ipAddresses: [],
    purposes: ['serverAuth', 'clientAuth'],
    authority: 'internal',
    keyType: 'p256',
    validSeconds: 86_400,
  } as const
  const { chainPem, keyPem } = openAuthority(join(lab.data, 'pki')).issue(request, Date.now())
  return save(folder, name, chainPem, keyPem)
}

/** The same from a CA nobody in the lab trusts. */
export function fromStranger(folder: string, name: string): CertificateFiles {
  const { certificate, key } = testCa(folder, 'stranger').leaf(name)
  return save(folder, `stranger-${name}`, certificate, key)
}

function save(folder: string, name: string, certificate: string, key: string): CertificateFiles {
  const files = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  writeFileSync(files.certificate, certificate)
  writeFileSync(files.key, key, { mode: 0o600 })
  return files
}
