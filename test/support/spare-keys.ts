/**
 * RSA keys for many test files in one process: to make one takes 25 to 400 ms of CPU, and the tests of certificates
 * want some hundred. Each size is made eight times; then the same eight come again, in order. The keys are real ones,
 * and two that follow each other always differ.
 */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

const ofEachSize = 8

/** From now on `generateKeyPairSync('rsa', …)` of node:crypto gives an RSA key again after eight others. */
export function reuseRsaKeys(): void {
  const generate = crypto.generateKeyPairSync
  const made = new Map<number, { pairs: crypto.KeyPairKeyObjectResult[]; given: number }>()
  const rsa = (options: crypto.RSAKeyPairKeyObjectOptions): crypto.KeyPairKeyObjectResult => {
    const size = options.modulusLength
    const spare = made.get(size) ?? { pairs: [], given: 0 }
    made.set(size, spare)
    const place = spare.given++ % ofEachSize
    return (spare.pairs[place] ??= generate('rsa', options))
  }
  const patched = (type: string, options: object): unknown =>
    type === 'rsa' && Object.keys(options).length === 1 && 'modulusLength' in options
      ? rsa(options as crypto.RSAKeyPairKeyObjectOptions)
      : Reflect.apply(generate, crypto, [type, options])
  Object.assign(crypto, { generateKeyPairSync: patched })
  syncBuiltinESMExports()
}
