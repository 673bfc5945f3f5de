/** The tools that start processes and break things on this machine: only with `--allow-changes`. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { documentOf, type ToolSettings } from './tool-run.ts'

const text = z.string().min(1).max(255)
const changing = { readOnlyHint: false, openWorldHint: false } as const

export function registerChangingTools(server: McpServer, settings: ToolSettings): void {
  registerUp(server, settings)
  registerFaults(server, settings)
  registerScenario(server, settings)
}

function registerUp(server: McpServer, settings: ToolSettings): void {
  const { data } = settings
  server.registerTool(
    'up',
    {
      title: 'Bring a lab up',
      description:
        'Starts the lab in the background, each node a process, on loopback addresses. It stays until the tool down, ' +
        'or siplab down, ends it.',
      inputSchema: {
        topology: text.optional().describe('a shipped name or the path of a lab file; edge when absent'),
        movableClock: z.boolean().optional().describe('clocks of nodes can be moved (needs libfaketime)'),
      },
      annotations: { ...changing, destructiveHint: false },
    },
    ({ topology, movableClock }) =>
      documentOf(settings, {
        command: 'up',
        options: { detach: true, 'movable-clock': movableClock, data },
        operands: topology === undefined ? [] : [topology],
      }),
  )
  server.registerTool(
    'down',
    {
      title: 'Bring the lab down',
      description: 'Ends every node; the data stays in its folder.',
      annotations: changing,
    },
    () => documentOf(settings, { command: 'down', options: { data } }),
  )
}

function registerFaults(server: McpServer, settings: ToolSettings): void {
  const { data } = settings
  server.registerTool(
    'break',
    {
      title: 'Put a fault on',
      description:
        'Puts a fault on a node, a link (director->fe1: the first dials), store, directory or dns of the running ' +
        'lab, waits for the verdict of both ends and returns it. The tool faults lists them.',
      inputSchema: {
        target: text,
        fault: text,
        as: z
          .enum(['server', 'client'])
          .optional()
          .describe('certificate faults: test links where the node is this end'),
        tls: z.enum(['1.2', '1.3']).optional().describe('certificate faults: use only this TLS version'),
        amount: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('delay: ms per message; slow: octets per second; reset: octets before the reset'),
      },
      annotations: { ...changing, destructiveHint: true },
    },
    ({ target, fault, ...options }) =>
      documentOf(settings, { command: 'break', options: { ...options, data }, operands: [target, fault] }),
  )
  server.registerTool(
    'heal',
    {
      title: 'Remove a fault',
      description: 'Removes the fault from a target, or every fault, and dials the links again.',
      inputSchema: { target: text.optional().describe('all when absent') },
      annotations: { ...changing, destructiveHint: false },
    },
    ({ target = 'all' }) => documentOf(settings, { command: 'heal', options: { data }, operands: [target] }),
  )
}

/** A scenario has a lab of its own, so `data` is not its folder. */
function registerScenario(server: McpServer, settings: ToolSettings): void {
  server.registerTool(
    'scenario',
    {
      title: 'Run a scenario',
      description:
        'Plays a scenario of failures in a lab of its own and checks its expectations. It takes seconds to a minute.',
      inputSchema: { name: text.describe('as siplab scenario list shows them') },
      annotations: { ...changing, destructiveHint: false },
    },
    ({ name }) => documentOf(settings, { command: 'scenario run', operands: [name] }),
  )
}
