import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Holds package.json, config/ and scenarios/. This file is two folders below it in the sources (src/topology), in the
 * package (dist/topology) and joined with others (dist/bundle).
 */
export const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
