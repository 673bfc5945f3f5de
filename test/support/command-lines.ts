/** Whether siplab takes a command line as it is written somewhere: commands, options and the number of arguments. */
import { Command } from 'commander'
import { commands } from '../../src/cli/commands/index.ts'
import { processIo } from '../../src/cli/io.ts'

let loaded: Promise<Command> | undefined

/** siplab with every command. */
export function wholeProgram(): Promise<Command> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Command> {
  const program = new Command('siplab')
  for (const { load } of commands)
    (await load())(program, { io: processIo(), finish: () => undefined, run: async () => 0 })
  return program
}

/** Why it is refused, such as `plan has no option --formt`. Undefined: the program takes it. */
export async function takenBy(text: string): Promise<string | undefined> {
  const program = await wholeProgram()
  const words = text.replace(/^(?:npx )?siplab /, '').match(/'[^']*'|"[^"]*"|\S+/g) ?? []
  let command: Command = program
  const rest = [...words]
  for (let next = named(command, rest[0]); next !== undefined; next = named(command, rest[0])) {
    command = next
    rest.shift()
  }
  if (command === program) return `no command ${words[0]}`
  const values: string[] = []
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? ''
    if (/^[|>&;]/.test(word)) break
    if (!/^--?[a-z]/.test(word)) values.push(word)
    else {
      const [name = ''] = word.split('=')
      const option = command.options.find(({ long, short }) => long === name || short === name)
      if (option === undefined && name !== '--help') return `${command.name()} has no option ${name}`
      if (option?.required === true && !word.includes('=')) at += 1
    }
  }
  const takes = command.registeredArguments
  const isOpen = takes.some(({ variadic }) => variadic)
  if (values.length > takes.length && !isOpen)
    return `${command.name()} takes ${takes.length}, found ${values.join(' ')}`
  const wanted = takes.filter(({ required }) => required).length
  return values.length < wanted ? `${command.name()} wants ${wanted}, found ${values.length}` : undefined
}

export function named(command: Command, word: string | undefined): Command | undefined {
  return command.commands.find((each) => each.name() === word)
}
