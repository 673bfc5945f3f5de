/**
 * `node scripts/pool-sipp.ts [--victims=fe1,fe2,…] [--seconds=12] [--rate=20] [--json]`: as pool-chaos, with SIPp
 * phones over TLS (HAProxy speaks it for them), which take less of the machine and so give more load. Exit status 1
 * when anything acknowledged was lost, a request on a connection that stayed whole was left without an answer, or SIPp
 * met what its scenarios do not know; 75 when SIPp or the HAProxy before it died.
 */
import { join } from 'node:path'
import { ForeignDeath, skippedStatus } from '../test/support/foreign-death.ts'
import { killUnderLoad, type KillCounts } from '../test/support/kill-under-load.ts'
import { chaosLab } from './chaos-lab.ts'

const seconds = Number(argument('seconds') ?? 12)
const rate = Number(argument('rate') ?? 20)
const victims = (argument('victims') ?? 'fe1,fe2,pool,sql,dns,pki').split(',')

function argument(name: string): string | undefined {
  return process.argv.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3)
}

const lab = await chaosLab('pool')
try {
  const all: ({ readonly victim: string } & KillCounts)[] = []
  for (const victim of victims) {
    const { ready, registrations } = lab
    const counts = await killUnderLoad({
      ready,
      folder: join(lab.data, `sipp-${victim}`),
      seconds,
      rate,
      kill: () => lab.kill(victim),
      start: () => lab.start(victim),
      registrations,
    })
    all.push({ victim, ...counts })
  }
  if (process.argv.includes('--json')) console.log(JSON.stringify(all, undefined, 2))
  else console.table(all)
  process.exitCode = all.some(
    ({ callsLost, messagesLost, hanging, unknown, registrationsLost }) =>
      callsLost + messagesLost + hanging + unknown + registrationsLost > 0,
  )
    ? 1
    : 0
} catch (error) {
  if (!(error instanceof ForeignDeath)) throw error
  console.error(error.message)
  process.exitCode = skippedStatus
} finally {
  await lab.end()
}
