/** The command blocks of README and docs: ```sh blocks, cut into commands as a reader types them. */
import { spawnSync } from 'node:child_process'

export interface Block {
  readonly page: string
  /** Of the fence, from 1. */
  readonly line: number
  readonly text: string
}

export interface Command {
  readonly text: string
  /** The exit status that its comment names (`# exit status 1: …`), else 0. */
  readonly status: number
  /** Its comment says `until Ctrl-C`: it runs while the commands after it run. */
  readonly untilInterrupted: boolean
}

/** The ```sh blocks of a page, in order. */
export function blocksOf(page: string, text: string): readonly Block[] {
  const blocks: Block[] = []
  let open: { readonly line: number; readonly indent: string; readonly lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^(\s*)```(\w*)\s*$/.exec(line)
    if (open !== undefined && fence !== null) {
      blocks.push({ page, line: open.line, text: open.lines.join('\n') })
      open = undefined
    } else if (open !== undefined) open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
    else if (fence?.[2] === 'sh') open = { line: index + 1, indent: fence[1] ?? '', lines: [] }
  }
  return blocks
}

/**
 * Lines that look like commands of siplab outside a ```sh block: a block that no run would find.
 *
 * @returns `docs/x.md:7: siplab up edge`
 */
export function strayCommands(page: string, text: string): readonly string[] {
  let language: string | undefined
  return text.split('\n').flatMap((line, index) => {
    const fence = /^\s*```(\w*)/.exec(line)
    if (fence !== null) {
      language = language === undefined ? fence[1] : undefined
      return []
    }
    const isCode = language === undefined ? line.startsWith('    ') : language !== 'sh'
    const isCommand = /^\s*(?:(?:npx )?siplab [a-z]|npx |npm (?:run|ci|start|test)|docker )/.test(line)
    return isCode && isCommand ? [`${page}:${index + 1}: ${line.trim()}`] : []
  })
}

/** The commands of a block. One goes on over the next line where a shell would wait for more. */
export function commandsOf(block: string): readonly Command[] {
  const commands: Command[] = []
  let held = ''
  for (const line of block.split('\n')) {
    if (held === '' && /^\s*(?:#|$)/.test(line)) continue
    held = held === '' ? line : `${held}\n${line}`
    if (!isWhole(held)) continue
    commands.push(commandFrom(held))
    held = ''
  }
  if (held !== '') throw new Error(`a command of a page does not end:\n${held}`)
  return commands
}

function commandFrom(text: string): Command {
  const comment = /\s#\s(.*)$/m.exec(text)?.[1] ?? ''
  return {
    text,
    status: Number(/exit status (\d+)/.exec(comment)?.[1] ?? 0),
    untilInterrupted: /until Ctrl-C/.test(comment),
  }
}

/** Whether bash takes it without waiting for another line: no open quote, loop, here-document or `\` at the end. */
function isWhole(text: string): boolean {
  if (text.endsWith('\\')) return false
  const { status, stderr } = spawnSync('bash', ['-n'], { input: `${text}\n`, encoding: 'utf8' })
  return status === 0 && stderr === ''
}
