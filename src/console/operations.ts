/**
 * What a page may ask for: each is one command line, made of checked words. The routes, the OpenAPI document and the
 * page follow from this list.
 */
import { z } from 'zod'

/** The lab of this console, as each command is pointed at it. */
export interface ConsoleLab {
  /** `['--data', '/home/me/.siplab/edge']` or `['--lab', 'compose']`. */
  readonly choose: readonly string[]
  /** What `siplab plan` needs to show this lab: its file, its network and its ports. */
  readonly plan: readonly string[]
  /** Path of the root that a phone must trust, by the name of the server: `{ 'sip.lab.test': '/lab/pki/…' }`. */
  readonly roots: Readonly<Record<string, string>>
}

export interface Operation {
  readonly id: string
  readonly method: 'GET' | 'POST'
  /** With `{node}` for a field of the input. */
  readonly path: string
  readonly summary: string
  /** It changes the lab or sends something: refused with `--read-only`, and only from the page itself. */
  readonly changes: boolean
  /** `lines`: the command answers in JSON lines, the route in one list. */
  readonly answers: 'document' | 'lines' | 'file'
  /** The body is given to the command as its standard input. */
  readonly takesInput?: true
  readonly input: z.ZodObject
  /** @throws z.ZodError when the input is not as declared */
  args(input: unknown, lab: ConsoleLab): readonly string[]
}

/** A word on a command line: never an option, nothing that a terminal would act on. */
const word = z
  .string()
  .max(256)
  .regex(/^[^-\p{Cc}][^\p{Cc}]*$/u, 'wanted a word that does not begin with - and has no control characters')
const name = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'wanted letters, digits, dots and hyphens')
const target = z
  .string()
  .max(130)
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]*(->[A-Za-z0-9-]+)?$/, 'wanted a node, or a link such as director->fe1')
const span = z
  .string()
  .max(16)
  .regex(/^\d+(ms|s|m|h|d)?$/, 'wanted a span such as 30s')
const reference = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z-]*(:\d{1,3})?$/, 'wanted a certificate reference such as listener')
const ip = z.union([z.ipv4(), z.ipv6()])
const force = z.boolean().optional()

type Declared<Shape extends z.ZodRawShape> = Omit<Operation, 'input' | 'args'> & {
  readonly input: Shape
  readonly args: (input: z.infer<z.ZodObject<Shape>>, lab: ConsoleLab) => readonly string[]
}

function operation<const Shape extends z.ZodRawShape>({ input, args, ...rest }: Declared<Shape>): Operation {
  const schema = z.strictObject(input)
  return { ...rest, input: schema, args: (given, lab) => args(schema.parse(given), lab) }
}

const reading = { method: 'GET', changes: false, answers: 'document' } as const
const changing = { method: 'POST', changes: true, answers: 'document' } as const

function forced(wanted: boolean | undefined): readonly string[] {
  return wanted === true ? ['--force'] : []
}

/** `['--as', 'server']`, or nothing. */
function option(flag: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [flag, String(value)]
}

const looks: readonly Operation[] = [
  operation({
    ...reading,
    id: 'status',
    path: '/api/status',
    summary: 'Each node, its state and its links; faults that are on',
    input: {},
    args: (_input, { choose }) => ['status', '--json', ...choose],
  }),
  operation({
    ...reading,
    id: 'plan',
    path: '/api/plan',
    summary: 'What follows from the lab file: nodes, links, certificates',
    input: {},
    args: (_input, { plan }) => ['plan', ...plan, '--json'],
  }),
  operation({
    ...reading,
    id: 'faults',
    path: '/api/faults',
    summary: 'Every fault that break can put on',
    input: {},
    args: () => ['faults', 'list', '--json'],
  }),
  operation({
    ...reading,
    id: 'certificates',
    path: '/api/certificates',
    summary: 'The certificates in the folders of the nodes',
    input: {},
    args: (_input, { choose }) => ['certs', 'list', '--json', ...choose],
  }),
  operation({
    ...reading,
    id: 'root',
    path: '/api/roots/{server}',
    summary: 'The root that a phone must trust to sign in at a server, by its name',
    input: { server: name },
    args: ({ server }, { roots }) => ['certs', 'show', roots[server] ?? server, '--json'],
  }),
  operation({
    ...reading,
    id: 'settings',
    path: '/api/nodes/{node}/settings/{tab}',
    summary: 'A tab of the old console; the Security tab is locked while an assigned certificate is not valid',
    input: { node: name, tab: z.enum(['general', 'security', 'tls']), force: z.stringbool().optional() },
    args: ({ node, tab, force: wanted }, { choose }) => ['settings', node, tab, '--json', ...forced(wanted), ...choose],
  }),
  operation({
    ...reading,
    id: 'timeline',
    path: '/api/timeline',
    summary: 'When each certificate, authority and revocation list ends, and what stops with it',
    input: {},
    args: (_input, { choose }) => ['timeline', '--json', ...choose],
  }),
  operation({
    ...reading,
    id: 'registrations',
    path: '/api/registrations',
    summary: 'Who is signed in, on which node and flow',
    input: {},
    args: (_input, { choose }) => ['registrations', '--json', ...choose],
  }),
  operation({
    ...reading,
    id: 'scenarios',
    path: '/api/scenarios',
    summary: 'The shipped scenarios',
    input: {},
    args: () => ['scenario', 'list', '--json'],
  }),
  operation({
    ...reading,
    method: 'POST',
    id: 'explain',
    path: '/api/explain',
    summary: 'What broke, from the octets of the body: a log, a capture, certificates. Nothing leaves the machine',
    takesInput: true,
    input: {},
    args: () => ['explain', '-', '--json'],
  }),
  operation({
    ...reading,
    method: 'POST',
    id: 'export-trace',
    path: '/api/trace/export/{format}',
    summary: 'JSON lines of a trace in another form',
    answers: 'file',
    takesInput: true,
    input: { format: z.enum(['text', 'html', 'pcapng']) },
    args: ({ format }, { choose }) => ['trace', '--from', '-', '--format', format, ...choose],
  }),
]

const acts: readonly Operation[] = [
  operation({
    ...changing,
    id: 'break',
    path: '/api/break',
    summary: 'Puts a fault on; answers with the verdict and the views of both ends',
    input: {
      target,
      fault: name,
      as: z.enum(['server', 'client']).optional(),
      tls: z.enum(['1.2', '1.3']).optional(),
      reference: reference.optional(),
      amount: z.number().int().min(0).max(999_999_999).optional(),
    },
    args: ({ target: what, fault, as, tls, reference: broken, amount }, { choose }) => [
      'break',
      what,
      fault,
      ...option('--as', as),
      ...option('--tls', tls),
      ...option('--reference', broken),
      ...option('--amount', amount),
      '--json',
      ...choose,
    ],
  }),
  operation({
    ...changing,
    id: 'heal',
    path: '/api/heal',
    summary: 'Removes the fault from a target; all: every fault',
    input: { target },
    args: ({ target: what }, { choose }) => ['heal', what, '--json', ...choose],
  }),
  operation({
    ...changing,
    id: 'mtls',
    path: '/api/nodes/{node}/mtls',
    summary: 'The tick on the General tab',
    input: { node: name, on: z.boolean() },
    args: ({ node, on }, { choose }) => ['mtls', node, on ? 'on' : 'off', '--json', ...choose],
  }),
  operation({
    ...changing,
    id: 'assign',
    path: '/api/nodes/{node}/assign',
    summary: 'Lets a reference of a node use a certificate of its folder',
    input: { node: name, reference, certificate: name, force },
    args: ({ node, reference: use, certificate, force: wanted }, { choose }) => [
      'assign',
      node,
      use,
      certificate,
      ...forced(wanted),
      '--json',
      ...choose,
    ],
  }),
  operation({
    ...changing,
    id: 'unassign',
    path: '/api/nodes/{node}/unassign',
    summary: 'Takes the certificate from a reference; locked while an assigned certificate is not valid',
    input: { node: name, reference, force },
    args: ({ node, reference: use, force: wanted }, { choose }) => [
      'unassign',
      node,
      use,
      ...forced(wanted),
      '--json',
      ...choose,
    ],
  }),
  operation({
    ...changing,
    id: 'trial',
    path: '/api/nodes/{node}/trial',
    summary: 'Issues a trial certificate for a node: the workaround for the locked Security tab',
    input: { node: name, valid: span },
    args: ({ node, valid }, { choose }) => ['certs', 'trial', node, '--valid', valid, '--json', ...choose],
  }),
  ...(['start', 'stop', 'restart'] as const).map((verb) =>
    operation({
      ...changing,
      id: `node-${verb}`,
      path: `/api/nodes/{node}/${verb}`,
      summary: `Does ${verb} to a node of the running lab`,
      input: { node: name },
      args: ({ node }, { choose }) => ['node', verb, node, '--json', ...choose],
    }),
  ),
  operation({
    ...changing,
    id: 'clock',
    path: '/api/nodes/{node}/clock',
    summary: 'Moves the calendar of a node, or of all, in a lab with a movable clock',
    input: {
      node: name,
      shift: z
        .string()
        .max(16)
        .regex(/^[+-]\d+[smhdy]?$/, 'wanted a shift such as +31d'),
    },
    args: ({ node, shift }, { choose }) => ['clock', node, shift, '--json', ...choose],
  }),
  operation({
    ...changing,
    id: 'check',
    path: '/api/check',
    summary: 'The connectivity analyzer, against the lab or any server',
    input: { target: word, transport: z.enum(['tls', 'tcp', 'wss']).optional(), address: ip.optional() },
    args: ({ target: what, transport, address }, { choose }) => [
      'check',
      what,
      ...option('--transport', transport),
      ...option('--address', address),
      '--json',
      ...choose,
    ],
  }),
  operation({
    ...changing,
    id: 'scenario',
    path: '/api/scenarios/{name}/run',
    summary: 'Plays a scenario in a lab of its own',
    input: { name },
    args: ({ name: story }) => ['scenario', 'run', story, '--json'],
  }),
]

export const operations: readonly Operation[] = [...looks, ...acts]
