/** `siplab scenario run chaos`: faults by seed on a lab under load, and the account of what was acknowledged. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lost } from '../../endurance/account.ts'
import { chaos, type ChaosResult } from '../../endurance/chaos/chaos.ts'
import { scheduleText } from '../../endurance/chaos/schedule.ts'
import { hasMovableClock } from '../../lab/clock.ts'
import { answer, type CommandContext, type CommonOptions } from '../command.ts'
import { paint, table } from '../io.ts'
import { launcher } from '../package.ts'
import { chooseTopology, readLoopbackNetwork } from '../topology-options.ts'
import { UsageError } from '../usage-error.ts'

export interface ChaosCommandOptions extends CommonOptions {
  readonly seed?: string
  readonly minutes?: string
  readonly schedule?: string
  readonly topology?: string
  readonly users?: string
  readonly tries?: string
  readonly network?: string
}

export const chaosName = 'chaos'

export async function runChaos({ io, finish }: CommandContext, options: ChaosCommandOptions): Promise<void> {
  if (options.lab === 'compose')
    throw new UsageError(`${chaosName} needs a lab on this machine, because it suspends and kills processes`)
  const requested = {
    seed: wholeNumber('seed', options.seed, 1),
    minutes: wholeNumber('minutes', options.minutes, 2),
    users: wholeNumber('users', options.users, 12),
    mostTries: options.tries === '0' ? 0 : wholeNumber('tries', options.tries, 6),
    ...(options.schedule === undefined ? {} : { schedule: options.schedule }),
    ...(options.network === undefined ? {} : { network: readLoopbackNetwork(options.network) }),
  }
  const { topology, source } = chooseTopology(io, options.topology ?? 'edge-pool')
  const folder = mkdtempSync(join(tmpdir(), 'siplab-chaos-'))
  const giveUp = new AbortController()
  const stopListening = io.onInterrupt(() => giveUp.abort())
  try {
    const result = await chaos(
      {
        ...requested,
        topology,
        source,
        data: join(folder, 'lab'),
        movableClock: hasMovableClock(),
        launcher,
        environment: io.environment,
        onProgress: (line) => io.err(`${paint(io.colours.err, 'dim', `  ${line}`)}\n`),
      },
      giveUp.signal,
    )
    answer(io, options, result, () => chaosText(result, source))
    if (lost(result.balance) > 0 || giveUp.signal.aborted) finish(1)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--schedule: ${error.message}`)
    throw error
  } finally {
    stopListening()
    rmSync(folder, { recursive: true, force: true })
  }
}

function wholeNumber(name: string, text: string | undefined, usual: number): number {
  const number = text === undefined ? usual : Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new UsageError(`--${name}: wanted a whole number above 0, found ${JSON.stringify(text)}`)
}

function chaosText({ seed, blows, balance, shrunk }: ChaosResult, source: string): string {
  const played = blows.map(({ losses, notPut, tookMs, ...blow }) => [
    scheduleText([blow]),
    `${(tookMs / 1000).toFixed(0)} s`,
    String(losses.length),
    notPut.join('; '),
  ])
  const deeds = Object.entries(balance.deeds).map(([deed, { asked, acknowledged, refused, hanging }]) => [
    deed,
    ...[asked, acknowledged, refused, hanging].map(String),
  ])
  const again = (schedule: string): string =>
    `siplab scenario run ${chaosName} --topology ${source} --seed ${seed} --schedule '${schedule}'\n`
  const losses = balance.losses.map(({ kind, what }) => `LOST ${kind}: ${what}\n`).join('')
  const shortest =
    shrunk === undefined
      ? ''
      : `${shrunk.isShortest ? 'shortest schedule' : `shortest schedule of ${shrunk.tries} tries`} that loses ` +
        `something:\n  ${again(shrunk.schedule)}`
  return (
    table(['FAULTS', 'TOOK', 'LOST', 'NOT PUT ON'], played) +
    table(['DEED', 'ASKED', 'ACKNOWLEDGED', 'REFUSED', 'HANGING'], deeds) +
    `${losses}${shortest}seed ${seed}, ${blows.length} faults, ${lost(balance)} lost\n`
  )
}
