/**
 * `siplab decode TEXT`: explains an HRESULT, a verdict code, a serial number, an `ms-diagnostics` value or an event
 * text.
 */
import { findVerdictCode } from '../../certificates/verdict-codes.ts'
import { findWindowsCode } from '../../certificates/windows-codes.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { explain } from '../../lab/decode.ts'
import type { Explanation } from '../../lab/decode.ts'

export const decodeCommand: RegisterCommand = (program, { io, finish }) => {
  const command = program
    .command('decode <TEXT...>')
    .summary('explain a code or an event text')
    .description(
      'Explains an HRESULT, a verdict code, a serial number in either byte order, an ms-diagnostics value, or ' +
        'whatever of these an event text holds.',
    )
  common(command, 'siplab decode 0x800B0101').action((words: readonly string[], options: CommonOptions) => {
    const found = explain(words.join(' '), { windows: findWindowsCode, verdict: findVerdictCode })
    answer(io, options, { text: words.join(' '), found }, () =>
      found.length === 0 ? 'Nothing in this text is known here.\n' : found.map(text).join(''),
    )
    if (found.length === 0) finish(1)
  })
}

function text(explanation: Explanation): string {
  return `${explanation.what}\n${explanation.lines.map((line) => `  ${line}\n`).join('')}`
}
