/** The Model Context Protocol server of siplab: the tools, without a transport. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { packageVersion } from '../package.ts'
import { registerChangingTools } from './changing-tools.ts'
import { registerReadingTools } from './reading-tools.ts'
import type { ToolSettings } from './tool-run.ts'

export interface McpSettings extends ToolSettings {
  readonly allowChanges: boolean
}

export function mcpServer({ allowChanges, ...settings }: McpSettings): McpServer {
  const server = new McpServer(
    { name: 'siplab', version: packageVersion() },
    {
      instructions:
        'siplab is a lab for SIP over mutual TLS. Begin with explain when there is a log line, a capture or a ' +
        'certificate, with check when there is a server. Answers are JSON; verdict codes are stable words. ' +
        (allowChanges
          ? 'The lab runs on this machine; heal what you broke, and bring down what you brought up.'
          : 'This server changes nothing; siplab mcp --allow-changes also starts and breaks labs.'),
    },
  )
  registerReadingTools(server, settings)
  if (allowChanges) registerChangingTools(server, settings)
  return server
}
