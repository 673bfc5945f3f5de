/** The tools that change nothing: they read files and the lab, and `check` dials. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { checkProfileNames } from '../../check/profiles.ts'
import { explainDocument } from '../commands/explain.ts'
import { UsageError } from '../usage-error.ts'
import { documentOf, linesOf, result, type ToolSettings } from './tool-run.ts'

const reading = { readOnlyHint: true, openWorldHint: false } as const
const text = z.string().min(1).max(4096)
const mostEvents = 200

export function registerReadingTools(server: McpServer, settings: ToolSettings): void {
  registerExplain(server, settings)
  registerCheck(server, settings)
  registerPlan(server, settings)
  registerEvents(server, settings)
  registerLab(server, settings)
}

function registerExplain(server: McpServer, { io }: ToolSettings): void {
  server.registerTool(
    'explain',
    {
      title: 'Explain a TLS or SIP failure',
      description:
        'What broke, whose certificate it was, which end refused, and what to do: from words of a log, or from the ' +
        'paths of a log file, a capture (pcap, pcapng) or certificate files (PEM, DER, PFX). Dials nothing.',
      inputSchema: {
        evidence: z
          .array(z.string().min(1).max(65_536))
          .min(1)
          .max(16)
          .describe('words of a log, or file paths; several pieces give one joint answer'),
        keylog: text.optional().describe('file of TLS secrets that opens a capture'),
        role: z.enum(['server', 'client', 'both']).optional().describe('what the server does with the certificates'),
        name: z.array(text).max(16).optional().describe('names that peers dial'),
        ca: text.optional().describe('file of the roots that peers trust'),
        key: text.optional().describe('file of the private key'),
        at: text.optional().describe('ISO 8601: judge at this time'),
      },
      annotations: reading,
    },
    async ({ evidence, ...options }) => {
      const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
      const what = evidence.filter((each) => each !== '-')
      try {
        return result(await explainDocument(io, what, given), false)
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        return result({ error: { code: error.code, message: error.message } }, true)
      }
    },
  )
}

function registerCheck(server: McpServer, settings: ToolSettings): void {
  server.registerTool(
    'check',
    {
      title: 'Check a SIP server',
      description:
        'Connects to a server as a client does and tests each step: discovery, TCP, TLS, the certificates of both ' +
        'ends, the first SIP answer. Each step has a verdict, evidence and a remedy. It dials the target.',
      inputSchema: {
        target: text.describe('sip:user@domain, a domain, host:port, or a node of the running lab'),
        profile: z.enum(checkProfileNames).optional().describe('client whose discovery and naming rules apply'),
        as: text.optional().describe('a node of the lab: dial with its certificate and trust list'),
        ca: z.array(text).max(16).optional().describe('PEM files of roots'),
        cert: text.optional().describe('PEM file of a certificate to show'),
        key: text.optional().describe('PEM file of its key'),
        name: text.optional().describe('the name the certificate must carry'),
        transport: z.enum(['tls', 'tcp', 'wss']).optional(),
        view: z.enum(['internal', 'external']).optional().describe('from which side to look at a lab'),
      },
      annotations: { ...reading, openWorldHint: true },
    },
    ({ target, ...options }) =>
      documentOf(settings, { command: 'check', options: { ...options, data: settings.data }, operands: [target] }),
  )
}

function registerPlan(server: McpServer, settings: ToolSettings): void {
  server.registerTool(
    'plan',
    {
      title: 'Plan of a topology',
      description:
        'What follows from a lab file: hosts, links, certificates, DNS records, firewall ports, and who may speak to ' +
        'whom.',
      inputSchema: { topology: text.optional().describe('a shipped name (edge, pool, …) or the path of a lab file') },
      annotations: reading,
    },
    ({ topology }) => documentOf(settings, { command: 'plan', operands: topology === undefined ? [] : [topology] }),
  )
}

function registerEvents(server: McpServer, settings: ToolSettings): void {
  const { data } = settings
  server.registerTool(
    'events',
    {
      title: 'Events of the lab',
      description:
        'Returns the events of the nodes, oldest first. With joined: one verdict for each failed connection.',
      inputSchema: {
        node: text.optional(),
        level: z.enum(['debug', 'info', 'warn', 'error']).optional().describe('the least that is shown'),
        joined: z.boolean().optional(),
        most: z.number().int().min(1).max(mostEvents).optional().describe('only the newest; 50 when absent'),
      },
      annotations: reading,
    },
    ({ node, level, joined, most = 50 }) =>
      linesOf(
        settings,
        { command: 'events', options: { level, joined, data }, operands: node === undefined ? [] : [node] },
        { name: 'events', most },
      ),
  )
}

function registerLab(server: McpServer, settings: ToolSettings): void {
  const { data } = settings
  server.registerTool(
    'status',
    {
      title: 'State of the lab',
      description: 'Each node with its state, the links that are down with their verdicts, the faults that are on.',
      annotations: reading,
    },
    () => documentOf(settings, { command: 'status', options: { data } }),
  )
  server.registerTool(
    'faults',
    {
      title: 'Faults that break can put on',
      description: 'Every fault with its target, what it does, and the verdict that names it.',
      annotations: reading,
    },
    async () => {
      const { content } = await documentOf(settings, { command: 'faults list' })
      return result({ faults: JSON.parse(content[0]?.text ?? '[]') as unknown }, false)
    },
  )
}
