/** What a running survey says on stderr: one line that changes on a terminal, else one line a trial of note. */
import { outcomeText, type Place, type Trial } from '../survey/index.ts'
import { harmlessLine } from '../reports/harmless.ts'
import { type Io, paint, type Style } from './io.ts'

export interface Progress {
  readonly trial: (trial: Trial, control: boolean, done: number, of: number) => void
  readonly end: () => void
}

export function progress(io: Io): Progress {
  return {
    trial: (trial, control, done, of) => {
      const line = `${trial.fault} TLS ${trial.tls}: ${harmlessLine(outcomeText(trial.outcome))}`
      if (control ? trial.outcome.kind !== 'accepted' : isOfNote(trial)) {
        io.progress?.('')
        io.err(`${paint(io.colours.err, styleOf(trial, control), line)}\n`)
      }
      io.progress?.(`... ${done}/${of} ${line}`)
    },
    end: () => io.progress?.(''),
  }
}

function isOfNote({ outcome, severity }: Trial): boolean {
  return outcome.kind === 'unclear' || (outcome.kind === 'accepted' && severity !== undefined && severity !== 'remark')
}

function styleOf({ severity }: Trial, control: boolean): Style {
  return control || severity === 'critical' ? 'red' : 'yellow'
}

/** Where to dial what. */
export function placesText(
  places: readonly Place[],
  { listen, ports }: { readonly listen: string; readonly ports?: string },
  folder: string,
): string {
  const [first] = places
  const how =
    ports === undefined
      ? `Listening on ${listen}:${first?.port}. Dial ${first?.name} first, then the others; each name must resolve ` +
        'to this address.\n'
      : `Listening on ${listen}. Dial ${first?.name} at port ${first?.port} (the good certificate) first.\n`
  const lines = places.map(({ slug, name, port }) => `  ${String(port).padEnd(6)} ${name.padEnd(40)} ${slug}\n`)
  const end = `The other end trusts ${folder}/root.pem. Ctrl-C ends the survey and prints the result.\n`
  return how + end + lines.join('')
}
