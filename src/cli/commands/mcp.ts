/** `siplab mcp`: tools for assistants, over standard input and output. */
import type { RegisterCommand } from '../command.ts'
import { quietIo } from '../quiet-io.ts'

interface McpOptions {
  readonly allowChanges?: true
  readonly data?: string
}

export const mcpCommand: RegisterCommand = (program, { io, run }) => {
  program
    .command('mcp')
    .summary('offer explain, check, plan and events to assistants')
    .description(
      'Serves the Model Context Protocol on standard input and output until the input ends. Tools: explain, check, ' +
        'plan, events, status, faults; with --allow-changes also up, down, break, heal, scenario. Each answers with ' +
        'the JSON of the command of the same name.',
    )
    .option('--allow-changes', 'let assistants start, break, heal and stop labs on this machine')
    .option('--data <DIR>', 'use this folder for the files of the lab (default: .siplab/NAME)')
    .addHelpText('after', '\nExample:\n  siplab mcp --allow-changes')
    .action(async ({ allowChanges, data }: McpOptions) => {
      // Loaded here alone: the SDK costs every other start.
      const { mcpServer } = await import('../mcp/server.ts')
      const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js')
      const { environment, workingFolder } = io
      const server = mcpServer({
        run,
        data,
        allowChanges: allowChanges === true,
        io: { ...quietIo(), environment, workingFolder },
      })
      await server.connect(new StdioServerTransport())
      await new Promise<void>((resolve) => {
        io.onInputEnd(resolve)
        io.onInterrupt(() => resolve())
      })
      await server.close()
    })
}
