/**
 * fast-check with one seed: the tests try the same input in every run, so two runs of the same code agree.
 * `npm run properties` tries the same properties with other seeds.
 */
import fc from 'fast-check'

/** `SIPLAB_PROPERTY_SEED`, a whole number below 2^31; 20051128 unless given. */
export const propertySeed = Number(process.env['SIPLAB_PROPERTY_SEED'] ?? '20051128')

fc.configureGlobal({ seed: propertySeed })

export { fc }
export type { StringConstraints } from 'fast-check'
