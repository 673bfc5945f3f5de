/**
 * RSA keys for many test files in one process: to make one takes 25 to 400 ms of CPU, and the tests of certificates
 * want some hundred. Each size is made eight times; then the same eight come again, in order. The keys are real ones,
 * and two that follow each other always differ. They are kept in .tap/keys, which git ignores, for the processes that
 * run beside this one and after it; whoever removes the folder gets others.
 */
import crypto from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join, resolve } from 'node:path'

const ofEachSize = 8
const folder = resolve(import.meta.dirname, '..', '..', '.tap', 'keys')

type RsaType = 'rsa' | 'rsa-pss'

/** From now on `generateKeyPairSync('rsa', …)` of node:crypto gives an RSA key again after eight others. */
export function reuseRsaKeys(): void {
  const generate = crypto.generateKeyPairSync
  const given = new Map<string, number>()
  const pairs = new Map<string, crypto.KeyPairKeyObjectResult>()
  const spare = (type: RsaType, size: number): crypto.KeyPairKeyObjectResult => {
    const kind = `${type}-${size}`
    const before = given.get(kind) ?? 0
    given.set(kind, before + 1)
    const name = `${kind}-${before % ofEachSize}`
    const pair = pairs.get(name) ?? kept(name, () => Reflect.apply(generate, crypto, [type, { modulusLength: size }]))
    pairs.set(name, pair)
    return pair
  }
  const patched = (type: string, options: { readonly modulusLength?: number }): unknown =>
    (type === 'rsa' || type === 'rsa-pss') && Object.keys(options).length === 1 && options.modulusLength !== undefined
      ? spare(type, options.modulusLength)
      : Reflect.apply(generate, crypto, [type, options])
  Object.assign(crypto, { generateKeyPairSync: patched })
  syncBuiltinESMExports()
}

/** Written beside its place and then put there, whole: another process may look for it at the same time. */
function kept(name: string, make: () => crypto.KeyPairKeyObjectResult): crypto.KeyPairKeyObjectResult {
  const file = join(folder, `${name}.pem`)
  if (existsSync(file)) {
    const privateKey = crypto.createPrivateKey(readFileSync(file))
    return { privateKey, publicKey: crypto.createPublicKey(privateKey) }
  }
  const pair = make()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const beside = `${file}.${process.pid}`
  writeFileSync(beside, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  renameSync(beside, file)
  return pair
}
