/** Private keys in a file: which certificate they belong to. Nothing of the key is kept or printed. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { decryptKey, PasswordError, RoundBudget } from '../../certificates/containers/pbe.ts'
import { DerReader } from '../../certificates/examine/der.ts'
import { CertificateError } from '../../certificates/examine/index.ts'
import { keyText, readPublicKey } from '../../certificates/examine/key-info.ts'
import type { Item } from './items.ts'

/** An RSA key of 16,384 bits has 12 kB. */
const maxKeyOctets = 65_536

/** A PEM key; encrypted ones are opened only with a password. */
export function pemKey(
  where: string,
  { label, octets, body }: { readonly label: string; readonly octets: Buffer; readonly body: string },
  password: string | undefined,
): Item {
  if (octets.length > maxKeyOctets) return broken(where, label, `${octets.length} octets are no key`)
  if (label === 'ENCRYPTED PRIVATE KEY') return encryptedKey(where, label, octets, password)
  if (label === 'OPENSSH PRIVATE KEY')
    return broken(where, label, 'a key of OpenSSH, which no TLS server reads; ssh-keygen -p -m PEM -f KEY converts it')
  if (body.includes('Proc-Type: 4,ENCRYPTED')) {
    if (password === undefined) return { kind: 'key', where, encrypted: true, text: 'encrypted' }
    return tried(where, label, true, () =>
      createPrivateKey({ key: `-----BEGIN ${label}-----${body}-----END ${label}-----\n`, passphrase: password }),
    )
  }
  return derKey(where, octets, label)
}

function encryptedKey(where: string, label: string, octets: Buffer, password: string | undefined): Item {
  if (password === undefined) return { kind: 'key', where, encrypted: true, text: 'encrypted' }
  try {
    const der = decryptKey(octets, password, new RoundBudget())
    return tried(where, label, true, () => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  } catch (error) {
    if (error instanceof PasswordError || error instanceof CertificateError)
      return broken(where, label, `the encrypted key was not opened: ${error.message}`)
    throw error
  }
}

/** PKCS #8, PKCS #1 or SEC 1. */
export function derKey(where: string, der: Buffer, label: string): Item {
  const attempts = (['pkcs8', 'pkcs1', 'sec1'] as const).map((type) =>
    tried(where, label, false, () => createPrivateKey({ key: der, format: 'der', type })),
  )
  return attempts.find(({ kind }) => kind === 'key') ?? attempts[0] ?? broken(where, label, 'no private key')
}

function tried(where: string, label: string, encrypted: boolean, open: () => KeyObject): Item {
  try {
    const key = open()
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
    return { kind: 'key', where, encrypted, publicKey: spki, text: keyText(readPublicKey(new DerReader(spki)).info) }
  } catch (error) {
    // Whatever OpenSSL says of these octets, they are no key that can be read.
    if (error instanceof Error) return broken(where, label, `no private key that can be read (${error.message})`)
    throw error
  }
}

function broken(where: string, label: string, problem: string): Item {
  return { kind: 'broken', where, label, problem }
}
