/** Several phones at once: who obeys which line, in which order, and how it ends. */
import type { PhoneSettings } from '../../phone/index.ts'
import { openPhoneSession, type PhoneSession } from './phone-session.ts'
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
  const sessions = phones.map((settings, at) =>
    openPhoneSession({
      settings,
      echo,
      tell: (event) => tell({ ...event, phone: at + 1, user: `sip:${settings.user}@${settings.domain}` }),
    }),
  )
  return {
    size: sessions.length,
    get signedIn() {
      return sessions.filter((session) => session.signedIn).length
    },
    signIn: () => each(sessions, (session) => session.obey({ do: 'sign-in' })),
    obey: (lines) => obey(sessions, lines, options.onBadLine),
    async close() {
      await each(sessions, async (session) => {
        await session.close()
        return true
      })
    },
  }
}

async function obey(
  sessions: readonly PhoneSession[],
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
    each(chosen(sessions, command), (session) => session.obey(command))
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
function chosen(sessions: readonly PhoneSession[], { phone, do: what }: PhoneCommand): readonly PhoneSession[] {
  if (phone !== undefined) return sessions.slice(phone - 1, phone)
  return what === 'sign-in' || what === 'sign-out' ? sessions : sessions.slice(0, 1)
}

/** All of them, so many at one time. True when all were. */
async function each(
  sessions: readonly PhoneSession[],
  act: (session: PhoneSession) => Promise<boolean>,
): Promise<boolean> {
  const waiting = [...sessions]
  let good = true
  const worker = async (): Promise<void> => {
    for (let session = waiting.shift(); session !== undefined; session = waiting.shift())
      if (!(await act(session))) good = false
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, sessions.length) }, worker))
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
