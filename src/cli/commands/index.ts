/** Every command, in the order `siplab --help` lists them. A new command is one file here and one line below. */
import type { RegisterCommand } from '../command.ts'

/**
 * A command before its file is read: a process that runs one command loads that one and what it needs, not the other
 * twenty.
 */
interface ListedCommand {
  readonly name: string
  /** It reads the other commands too. */
  readonly needsAll?: true
  /** It opens connections to nodes, by TCP or UDP: control sockets are reached from everywhere. */
  readonly dials?: true
  load(): Promise<RegisterCommand>
}

export const commands: readonly ListedCommand[] = [
  { name: 'up', load: async () => (await import('./up.ts')).upCommand },
  { name: 'down', load: async () => (await import('./down.ts')).downCommand },
  { name: 'status', load: async () => (await import('./status.ts')).statusCommand },
  { name: 'doctor', load: async () => (await import('./doctor.ts')).doctorCommand },
  { name: 'plan', load: async () => (await import('./plan.ts')).planCommand },
  { name: 'certs', dials: true, load: async () => (await import('./certs.ts')).certsCommand },
  { name: 'timeline', load: async () => (await import('./timeline.ts')).timelineCommand },
  { name: 'assign', load: async () => (await import('./administration.ts')).assignCommand },
  { name: 'unassign', load: async () => (await import('./administration.ts')).unassignCommand },
  { name: 'mtls', load: async () => (await import('./administration.ts')).mtlsCommand },
  { name: 'settings', load: async () => (await import('./administration.ts')).settingsCommand },
  { name: 'faults', load: async () => (await import('./faults.ts')).faultsCommand },
  { name: 'break', dials: true, load: async () => (await import('./faults.ts')).breakCommand },
  { name: 'heal', dials: true, load: async () => (await import('./faults.ts')).healCommand },
  { name: 'clock', load: async () => (await import('./clock.ts')).clockCommand },
  { name: 'drain', load: async () => (await import('./administration.ts')).drainCommand },
  { name: 'scenario', load: async () => (await import('./scenario.ts')).scenarioCommand },
  { name: 'events', load: async () => (await import('./events.ts')).eventsCommand },
  { name: 'trace', load: async () => (await import('./trace.ts')).traceCommand },
  { name: 'console', load: async () => (await import('./console.ts')).consoleCommand },
  { name: 'explain', load: async () => (await import('./explain.ts')).explainCommand },
  { name: 'decode', load: async () => (await import('./explain.ts')).decodeCommand },
  { name: 'check', dials: true, load: async () => (await import('./check.ts')).checkCommand },
  { name: 'survey', load: async () => (await import('./survey.ts')).surveyCommand },
  { name: 'metrics', dials: true, load: async () => (await import('./metrics.ts')).metricsCommand },
  { name: 'mcp', load: async () => (await import('./mcp.ts')).mcpCommand },
  { name: 'phone', dials: true, load: async () => (await import('./phone.ts')).phoneCommand },
  { name: 'users', dials: true, load: async () => (await import('./users.ts')).usersCommand },
  { name: 'registrations', load: async () => (await import('./registrations.ts')).registrationsCommand },
  {
    name: 'completion',
    needsAll: true,
    load: async () => (await import('./completion.ts')).completionCommand,
  },
  { name: 'node', load: async () => (await import('./node.ts')).nodeCommand },
  { name: 'bench-proxy', load: async () => (await import('./bench-proxy.ts')).benchProxyCommand },
  { name: 'supervise', load: async () => (await import('./supervise.ts')).superviseCommand },
  { name: 'attend', load: async () => (await import('./supervise.ts')).attendCommand },
]

/** Whether the command opens connections to the nodes of a lab. */
export function dials([first]: readonly string[]): boolean {
  return commands.some((command) => command.name === first && command.dials === true)
}

/** What a command line needs: the command it begins with or, for help and for a word that names none, all of them. */
export function commandsFor([first]: readonly string[]): Promise<readonly RegisterCommand[]> {
  const named = commands.filter(({ name }) => name === first)
  const isEnough = named.length > 0 && named.every(({ needsAll }) => needsAll !== true)
  return Promise.all((isEnough ? named : commands).map((command) => command.load()))
}
