/** Programs of the distribution that tests talk to. A test that misses one says so and is skipped by name. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const packages: Readonly<Record<string, string>> = {
  sipp: 'sip-tester',
  sipsak: 'sipsak',
  kamailio: 'kamailio kamailio-tls-modules',
  openssl: 'openssl',
  baresip: 'baresip-core',
  'linphone-daemon': 'linphone-cli',
}

/** `t.test('…', { skip: missing('sipp') }, …)`: false when it is there, else the reason. */
export function missing(program: string): false | string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  if (folders.some((folder) => isExecutable(join(folder, program)))) return false
  return `${program} is not installed (apt-get install ${packages[program] ?? program})`
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
