/**
 * `npm run fuzz:certificates [-- COUNT [SEED]]`: damages good certificates and looks for an exception that is not the
 * examiner's own. The seed of the damage is printed; keys are made anew in every run, so a find is printed in Base64.
 */
import { fuzzCertificates } from '../test/support/certificate-fuzz.ts'

const [, , count = '100000', given] = process.argv
const seed = given === undefined ? Date.now() % 2 ** 32 : Number(given)
console.log(`seed ${seed}`)
const began = performance.now()
const { tried, read, foreign } = fuzzCertificates(Number(count), seed)
for (const { der, error } of foreign.slice(0, 10)) console.log(`${error}\n  ${der.toString('base64')}`)
const seconds = Math.round((performance.now() - began) / 1000)
console.log(`${tried} certificates, ${read} of them readable, ${foreign.length} foreign exceptions, ${seconds} s`)
process.exitCode = foreign.length === 0 ? 0 : 1
