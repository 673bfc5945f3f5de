/** Several phones at once: who obeys which line, in which order, and how it ends. */
import type { PhoneSettings } from '../../phone/index.ts'
import { openDesk, type Desk } from './desk.ts'
import { readCommand, type NumberedEvent, type PhoneCommand } from './lines.ts'

export interface CrowdOptions {
  /** One entry a phone. */
  readonly phones: readonly PhoneSettings[]
  readonly echo: boolean
  readonly tell: (event: NumberedEvent) => void
  /** A line that is no command. */
  readonly onBadLine: (error: unknown) => void
}

export interface Crowd {
  readonly size: number
  readonly signedIn: number
  /** Every phone; false when one was refused. */
  signIn(): Promise<boolean>
  /**
   * Obeys lines in their order; only `cancel` does not wait for those before it. Resolves at `quit` or when the lines
   * end.
   *
   * @returns `good` is false when something did not come to what was asked; `quit`: the lines said so
   */
  obey(lines: AsyncIterable<string>): Promise<{ readonly good: boolean; readonly quit: boolean }>
  close(): Promise<void>
}

/** Sign-ins at one time: a crowd is not a flood. */
const atOnce = 16

export function openCrowd(options: CrowdOptions): Crowd {
  const { phones, echo, tell } = options
  const desks = phones.map((settings, at) =>
    openDesk({
      settings,
      echo,
      tell: (event) => tell({ ...event, phone: at + 1, user: `sip:${settings.user}@${settings.domain}` }),
    }),
  )
  return {
    size: desks.length,
    get signedIn() {
      return desks.filter((desk) => desk.signedIn).length
    },
    signIn: () => each(desks, (desk) => desk.obey({ do: 'sign-in' })),
    obey: (lines) => obey(desks, lines, options.onBadLine),
    async close() {
      await each(desks, async (desk) => {
        await desk.close()
        return true
      })
    },
  }
}

async function obey(
  desks: readonly Desk[],
  lines: AsyncIterable<string>,
  onBadLine: CrowdOptions['onBadLine'],
): Promise<{ readonly good: boolean; readonly quit: boolean }> {
  let good = true
  let quit = false
  let before: Promise<void> = Promise.resolve()
  const note = async (outcome: Promise<boolean>): Promise<void> => {
    if (!(await outcome)) good = false
  }
  const inTurn = (work: () => Promise<boolean>): void => {
    before = before.then(() => note(work()))
  }
  const carryOut = (command: PhoneCommand): Promise<boolean> =>
    each(chosen(desks, command), (desk) => desk.obey(command))
  for await (const line of lines) {
    if (line.trim() === '') continue
    const command = attempt(() => readCommand(line))
    if (command.kind === 'error')
      inTurn(async () => {
        onBadLine(command.error)
        return false
      })
    else if (command.value.do === 'cancel') void note(carryOut(command.value))
    else if (command.value.do === 'quit') quit = true
    else inTurn(() => carryOut(command.value))
    if (quit) break
  }
  await before
  return { good, quit }
}

/** The phone that a line names; without a name all sign in and out, and the first does the rest. */
function chosen(desks: readonly Desk[], { phone, do: what }: PhoneCommand): readonly Desk[] {
  if (phone !== undefined) return desks.slice(phone - 1, phone)
  return what === 'sign-in' || what === 'sign-out' ? desks : desks.slice(0, 1)
}

/** All of them, so many at one time. True when all were. */
async function each(desks: readonly Desk[], act: (desk: Desk) => Promise<boolean>): Promise<boolean> {
  const waiting = [...desks]
  let good = true
  const worker = async (): Promise<void> => {
    for (let desk = waiting.shift(); desk !== undefined; desk = waiting.shift()) if (!(await act(desk))) good = false
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, desks.length) }, worker))
  return good
}

type Attempt<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'error'; readonly error: unknown }

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { kind: 'value', value: work() }
  } catch (error) {
    return { kind: 'error', error }
  }
}
