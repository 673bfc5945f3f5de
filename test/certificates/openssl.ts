/** The command openssl, an independent judge where it is installed. */
import { spawnSync } from 'node:child_process'

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0
