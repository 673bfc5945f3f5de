/** `siplab --help` by task: the heading of each command. */
import { Command, Help } from 'commander'
import type { HelpConfiguration } from 'commander'

const headings: Readonly<Record<string, readonly string[]>> = {
  'Bring a lab up and down': ['up', 'down', 'status', 'doctor'],
  'Plan a deployment': ['plan', 'timeline'],
  'Certificates and settings': ['certs', 'assign', 'unassign', 'mtls', 'settings'],
  'Break and repair': ['faults', 'break', 'heal', 'clock', 'drain', 'scenario'],
  'Find the cause': ['check', 'survey', 'explain', 'decode', 'events', 'trace', 'console'],
  'Dashboards and assistants': ['metrics', 'mcp'],
  'Phones and users': ['phone', 'users', 'registrations'],
}

const rest = 'Others'

const usual = new Help()

/** An option that may be given several times has no default to name. */
export const helpStyle: HelpConfiguration = {
  optionDescription: (option) =>
    usual.optionDescription(option).replace(', default: []', '').replace(' (default: [])', ''),
}

/** Gives every command its heading; the first command under a heading decides the place of the heading. */
export function groupCommands(program: Command): void {
  for (const command of program.commands) {
    const found = Object.entries(headings).find(([, names]) => names.includes(command.name()))
    command.helpGroup(`${found?.[0] ?? rest}:`)
    if (command.commands.length > 0) command.helpCommand('help [command]', 'explain a command')
  }
  program.addHelpCommand(
    new Command('help').argument('[command]').description('explain a command').helpGroup(`${rest}:`),
  )
}
