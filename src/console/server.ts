/** The HTTP side of `siplab console`: the page, the API of the operations, and the streams, on loopback alone. */
import swagger from '@fastify/swagger'
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Admission, type Refused } from './admission.ts'
import { type CommandAnswer, type Commands, commandText } from './commands.ts'
import type { Feeds } from './feeds.ts'
import { contentSecurityPolicy, securityHeaders } from './headers.ts'
import { type ConsoleLab, type Operation, operations } from './operations.ts'
import type { PageFile } from './page-files.ts'
import { eventStreams, type Streams } from './streams.ts'

export interface ConsoleOptions {
  readonly commands: Commands
  readonly lab: ConsoleLab
  readonly feeds: Feeds
  readonly page: ReadonlyMap<string, PageFile>
  readonly readOnly: boolean
  /** 0: any free one. */
  readonly port: number
  readonly version: string
  /** `wss://127.0.41.11:8443`: where the phone of the page may sign in. */
  readonly sockets: readonly string[]
}

export interface Console {
  readonly port: number
  /** An address that opens one session, once. */
  newAddress(): string
  close(): Promise<void>
}

const mostInput = 64 * 1024 * 1024
const mostBody = 64 * 1024
/** Commands at a time; a page asks for one or two. */
const mostCommands = 12

/** @throws the error of listen, when the port is taken */
export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const streams = eventStreams()
  const server = fastify({ bodyLimit: mostBody, routerOptions: { maxParamLength: 130 }, forceCloseConnections: true })
  let admission = new Admission(options.port)
  const current = (): Admission => admission
  server.setValidatorCompiler(() => () => true)
  server.setSerializerCompiler(() => (value) => JSON.stringify(value))
  guard(server, current, contentSecurityPolicy(options.sockets))
  await server.register(swagger, { openapi: { openapi: '3.1.0', info: aboutApi(options.version) } })
  await server.register(async (scope) => {
    servePage(scope, current, options.page)
    serveOperations(scope, options)
    serveStreams(scope, current, options.feeds, streams)
    serveSession(scope, options)
  })
  await server.listen({ host: '127.0.0.1', port: options.port })
  const port = listeningPort(server.server.address())
  admission = new Admission(port)
  return {
    port,
    newAddress: () => `http://127.0.0.1:${port}/open?token=${admission.newToken()}`,
    async close() {
      streams.closeAll()
      await server.close()
    },
  }
}

function listeningPort(address: ReturnType<FastifyInstance['server']['address']>): number {
  if (typeof address === 'object' && address !== null) return address.port
  throw new Error(`wanted an address of loopback, found ${String(address)}`)
}

function aboutApi(version: string): { title: string; version: string; description: string } {
  return {
    title: 'siplab console',
    version,
    description:
      'Each operation is one siplab command; its answer is that of --json. The header siplab-command holds the ' +
      'command (percent-encoded), siplab-status its exit status.',
  }
}

/** Before anything is read of a request: is it for us, and from the session of this console? */
function guard(server: FastifyInstance, admission: () => Admission, policy: string): void {
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders).header('content-security-policy', policy)
    const refused =
      admission().refuseHost(request) ??
      (isOpenToAll(request) ? undefined : admission().refuseStranger(request)) ??
      (request.method === 'GET' || request.method === 'HEAD' ? undefined : admission().refuseOtherPage(request))
    if (refused !== undefined) return refuse(reply, refused)
  })
  server.setNotFoundHandler((_request, reply) =>
    refuse(reply, { status: 404, code: 'console.path', message: 'nothing is at this path' }),
  )
  server.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, _request, reply) => {
    if (error instanceof z.ZodError)
      return refuse(reply, { status: 400, code: 'console.input', message: z.prettifyError(error) })
    const status = error.statusCode ?? 500
    return refuse(reply, { status, code: status < 500 ? 'console.request' : 'internal', message: error.message })
  })
}

/** What a browser without a session may see: the door. */
function isOpenToAll({ url }: FastifyRequest): boolean {
  return url.startsWith('/open?')
}

function refuse(
  reply: FastifyReply,
  { status, code, message }: Omit<Refused, 'status'> & { readonly status: number },
): FastifyReply {
  if (reply.request.method === 'GET' && (reply.request.headers.accept ?? '').includes('text/html'))
    return reply.code(status).type('text/plain; charset=utf-8').send(`siplab console: ${message}\n`)
  return reply.code(status).send({ error: { code, message } })
}

function servePage(server: FastifyInstance, admission: () => Admission, page: ReadonlyMap<string, PageFile>): void {
  server.get('/open', { schema: { hide: true } }, (request, reply) => {
    const { token } = request.query as { readonly token?: unknown }
    const cookie = typeof token === 'string' ? admission().spend(token) : undefined
    if (cookie !== undefined)
      return reply.header('set-cookie', cookie).header('cache-control', 'no-store').redirect('/', 303)
    return refuse(reply, {
      status: 403,
      code: 'console.token',
      message:
        'this address was used already, or is an old one; press Enter in the terminal of siplab console for a new one',
    })
  })
  for (const [path, file] of page) {
    const send = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
      reply
        .type(file.type)
        .header('cache-control', file.forEver ? 'private, max-age=31536000, immutable' : 'no-store')
        .send(file.content)
    server.get(path === '/index.html' ? '/' : path, { schema: { hide: true } }, send)
  }
}

function serveSession(server: FastifyInstance, { readOnly, version, lab }: ConsoleOptions): void {
  server.get('/api/session', { schema: { summary: 'What this console is', operationId: 'session' } }, () => ({
    version,
    readOnly,
    lab: lab.choose,
    roots: lab.roots,
    operations: operations.map(({ id, method, path, changes }) => ({ id, method, path, changes })),
  }))
  server.get('/api/openapi.json', { schema: { hide: true } }, () => server.swagger())
}

function serveStreams(server: FastifyInstance, admission: () => Admission, feeds: Feeds, streams: Streams): void {
  const schema = {
    summary: 'Server-sent events: status, event, and with trace=1 also trace; lost counts what a slow reader missed',
    operationId: 'stream',
    querystring: { type: 'object', properties: { trace: { type: 'string', enum: ['1'] } } },
  }
  server.get('/api/stream', { schema }, (request, reply) => {
    const refused = admission().refuseOtherPage(request)
    if (refused !== undefined) return refuse(reply, refused)
    if (streams.isFull())
      return refuse(reply, { status: 503, code: 'console.streams', message: 'too many pages follow this console' })
    const { trace } = request.query as { readonly trace?: unknown }
    const headers = reply.getHeaders() as Record<string, string>
    reply.hijack()
    streams.open(reply.raw, headers, [
      { event: 'status', feed: feeds.status },
      { event: 'event', feed: feeds.events },
      ...(trace === '1' ? [{ event: 'trace', feed: feeds.trace }] : []),
    ])
  })
}

function serveOperations(server: FastifyInstance, options: ConsoleOptions): void {
  let running = 0
  server.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer', bodyLimit: mostInput },
    (_r, body, done) => done(null, body),
  )
  for (const operation of operations) {
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      if (operation.changes && options.readOnly)
        return refuse(reply, {
          status: 403,
          code: 'console.read-only',
          message: 'this console changes nothing (--read-only); run the command in a terminal',
        })
      const args = operation.args(inputOf(operation, request), options.lab)
      if (running >= mostCommands)
        return refuse(reply, { status: 503, code: 'console.busy', message: `${running} commands run already` })
      running += 1
      try {
        return await answer(operation, request, reply, { args, commands: options.commands })
      } finally {
        running -= 1
      }
    }
    server.route({
      method: operation.method,
      url: operation.path.replace(/\{(\w+)\}/g, ':$1'),
      bodyLimit: operation.takesInput === true ? mostInput : mostBody,
      schema: schemaOf(operation),
      handler,
    })
  }
}

/** Path, query and body are one input; none of them may say twice what another says. */
function inputOf({ takesInput }: Operation, { params, query, body }: FastifyRequest): unknown {
  const fields = takesInput === true || typeof body !== 'object' ? {} : body
  return { ...fields, ...(query as object), ...(params as object) }
}

async function answer(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  { args, commands }: { readonly args: readonly string[]; readonly commands: Commands },
): Promise<FastifyReply> {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const input = Buffer.isBuffer(request.body) ? { input: request.body } : {}
  void reply.header('siplab-command', encodeURIComponent(commandText(args))).header('cache-control', 'no-store')
  if ((request.headers.accept ?? '').includes('text/event-stream')) {
    const headers = reply.getHeaders() as Record<string, string>
    reply.hijack()
    reply.raw.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    const onProgress = (line: string): void =>
      void reply.raw.write(`event: progress\ndata: ${JSON.stringify(line)}\n\n`)
    const done = await commands.run(args, { ...input, onProgress, signal: gone.signal })
    reply.raw.end(`event: answer\ndata: ${JSON.stringify({ status: done.status, document: documentOf(done) })}\n\n`)
    return reply
  }
  const done = await commands.run(args, { ...input, signal: gone.signal })
  void reply.header('siplab-status', String(done.status))
  if (operation.answers === 'file' && done.status === 0) return reply.type('application/octet-stream').send(done.out)
  const document = documentOf(done)
  return reply.code(httpStatus(done.status, document)).send(document)
}

function documentOf({ out, complaint }: CommandAnswer): unknown {
  const text = out.toString('utf8').trim()
  if (text === '') return { error: { code: 'console.no-answer', message: complaint.trim() } }
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { error: { code: 'console.no-document', message: complaint.trim() || text.slice(0, 500) } }
  }
}

/** Exit status 1 with a document is an answer: a check that failed, a fault that was not named. */
function httpStatus(status: number, document: unknown): number {
  const isError = typeof document === 'object' && document !== null && 'error' in document
  if (!isError) return 200
  return status === 3 ? 500 : status === 2 ? 400 : 409
}

function schemaOf({ id, summary, path, method, input, takesInput }: Operation): object {
  const { $schema: _dialect, ...whole } = z.toJSONSchema(input, { io: 'input' })
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field ?? '')
  const properties = Object.entries(whole.properties ?? {})
  const pick = (fields: typeof properties): object => ({
    type: 'object',
    properties: Object.fromEntries(fields),
    required: (whole.required ?? []).filter((field) => fields.some(([known]) => known === field)),
  })
  const rest = properties.filter(([field]) => !inPath.includes(field))
  const params = inPath.length === 0 ? {} : { params: pick(properties.filter(([field]) => inPath.includes(field))) }
  if (takesInput === true) return { operationId: id, summary, consumes: ['application/octet-stream'], ...params }
  const where = rest.length === 0 ? {} : method === 'GET' ? { querystring: pick(rest) } : { body: pick(rest) }
  return { operationId: id, summary, ...params, ...where }
}
