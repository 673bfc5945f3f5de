/**
 * The form of a scenario file: a story, the lab it plays in, and steps that do something or expect something. What a
 * step does is a siplab command as a person would type it, so that a scenario can be followed by hand.
 */
import { z } from 'zod'

/** Commands that change a lab or look into one node; everything else is no matter of a story. */
const scenarioCommands: readonly string[] = [
  'assign',
  'unassign',
  'mtls',
  'settings',
  'certs',
  'break',
  'heal',
  'clock',
  'drain',
  'node',
  'users',
  'registrations',
  'status',
  'check',
]

/** Which part of the catalogue a scenario belongs to. */
const families = [
  'incident',
  'time',
  'trust',
  'names',
  'purpose',
  'revocation',
  'algorithms',
  'files',
  'protocol',
  'renewal',
  'link',
  'dns',
  'store',
  'configuration',
  'federation',
  'pool',
  'voice',
  'client',
] as const

/** What a scenario may need besides siplab. */
const programs = ['postgresql', 'communicator'] as const
export type Program = (typeof programs)[number]

const text = z.string().min(1)
const span = z.string().regex(/^\d{1,4}(ms|s|m)$/, 'a span such as 500ms, 10s or 2m')
const nodeName = z.string().regex(/^[a-z][a-z0-9-]*$/, 'the name of a node')
const linkName = z.string().regex(/^[a-z][a-z0-9-]*->[a-z][a-z0-9-]*$/, 'a link such as director->fe1')
const scalar = z.union([z.string(), z.number(), z.boolean()])
const dottedPath = z.string().regex(/^[\w-]+(\.[\w-]+)*$/, 'a path into the JSON answer such as certificate.name')
const variableName = z.string().regex(/^[a-zA-Z]\w*$/, 'a name of letters and digits')

const commandLine = text.refine(
  (line) => scenarioCommands.includes(line.split(' ')[0] ?? ''),
  `a siplab command that begins with ${scenarioCommands.join(', ')}`,
)

const phoneDoes = ['sign-in', 'sign-out', 'message', 'buddy', 'presence', 'search', 'call', 'hang-up'] as const
/** The phone of siplab, or the Communicator-compatible client of clients/communicator. */
const clients = ['phone', 'communicator'] as const

const headerFields = z.record(
  z.string().regex(/^[A-Za-z][\w-]*$/, 'the name of a header field'),
  z.string().regex(/^[^\r\n]*$/, 'one line'),
)
const wantedFields = z.record(z.string(), z.union([z.string(), z.literal(false)]))

const phone = z.strictObject({
  user: text.meta({ description: 'Login of a user of the topology' }),
  does: z.enum(phoneDoes),
  at: nodeName
    .optional()
    .meta({ description: 'Node it dials; at the access proxy the external face. Only with sign-in' }),
  over: z.enum(['tls', 'tcp', 'wss']).default('tls'),
  client: z.enum(clients).optional().meta({
    description: 'The program that signs in: siplab phone (default), or communicator. Only with sign-in',
  }),
  root: z.boolean().optional().meta({
    description: 'Whether the root certificate of the lab was added to the client; default true. Only with sign-in',
  }),
  to: text.optional().meta({
    description: 'Login of the one written to, called or watched, or a whole URI: sip:someone@third.test',
  }),
  text: text.optional().meta({ description: 'The message, or the part of a name that is searched for' }),
  status: z
    .string()
    .regex(/^[a-z-]+$/, 'a status such as open, closed, available or busy')
    .optional()
    .meta({
      description: 'With presence: open or closed; of a communicator available, busy, do-not-disturb, away, ...',
    }),
  note: z.string().max(256).optional().meta({ description: 'With presence: words beside the status' }),
  sees: text.optional().meta({ description: 'With buddy: the status seen of `to`, in the words of the client' }),
  seesNote: text.optional().meta({ description: 'With buddy: text in the note seen of `to`' }),
  finds: z.array(text).optional().meta({ description: 'With search: logins or URIs of exactly those found' }),
  headers: headerFields.optional().meta({ description: 'Further header fields of the message' }),
  arrivesWith: wantedFields.optional().meta({
    description: 'Header fields of the message as the other phone gets it: the start of the value, or false for none',
  }),
  answersWith: headerFields
    .optional()
    .meta({ description: 'Further header fields in every answer of this phone to a message. Only with sign-in' }),
  returnsWith: wantedFields.optional().meta({ description: 'The same for the answer that comes back' }),
})

const eventPattern = z.union([
  text,
  z.strictObject({
    event: text,
    verdict: text.optional(),
    says: text.optional().meta({ description: 'Text in its message' }),
    data: z.record(z.string(), scalar).optional(),
  }),
])

const expectation = z.strictObject({
  node: nodeName.optional().meta({ description: 'The state of this node' }),
  exit: z.int().optional(),
  because: text.optional().meta({ description: 'Verdict code of the reason' }),
  link: linkName
    .optional()
    .meta({ description: 'With `state` the state of this link; with `verdict` the link that has the verdict' }),
  state: z.enum(['ready', 'degraded', 'draining', 'stopped', 'up', 'down']).optional(),
  verdict: text.optional().meta({ description: 'Code of a joined verdict' }),
  at: nodeName.optional().meta({ description: 'The node whose observation it is' }),
  windows: text.optional().meta({ description: 'Windows code, e.g. 0x800B0101' }),
  serial: text.optional().meta({ description: 'Serial of the certificate in question' }),
  found: text.optional().meta({ description: 'Text in what was found' }),
  also: z.array(text).optional().meta({ description: 'Codes among the further faults' }),
  events: z.array(eventPattern).min(1).optional().meta({ description: 'Events of the node `at`, in this order' }),
  flow: linkName.optional().meta({ description: 'A live connection between two nodes' }),
  shows: text
    .optional()
    .meta({ description: 'Serial of the certificate the acceptor showed when the flow was opened' }),
  dialledWith: text.optional().meta({ description: 'Serial of the certificate the dialler showed' }),
  absent: z.boolean().default(false).meta({ description: 'Holds when nothing of that kind is there' }),
})

const step = z.strictObject({
  say: text.optional().meta({ description: 'A sentence of the story' }),
  do: commandLine.optional().meta({ description: 'A siplab command' }),
  kill: nodeName.optional().meta({ description: 'Ends the process of a node at once, as a power cut would' }),
  redial: linkName.optional().meta({
    description: 'Closes what the first node dialled to the second and dials again: live flows keep their certificates',
  }),
  phone: phone.optional(),
  expect: expectation.optional(),
  within: span
    .optional()
    .meta({ description: 'How long to wait for it to hold; an action with it is tried again until then' }),
  status: z.int().min(0).max(3).optional().meta({ description: 'Exit status of the command; default 0' }),
  fails: text.optional().meta({ description: 'Code of the error the command ends with, or of what kept the phone' }),
  says: text.optional().meta({ description: 'Text in the sentence of that error' }),
  answers: z.record(z.string(), scalar).optional().meta({ description: 'Fields of the JSON answer' }),
  answer: z.int().min(200).max(699).optional().meta({ description: 'SIP status; default any 2xx' }),
  diagnostics: text.optional().meta({ description: 'Start of ms-diagnostics, e.g. 1010' }),
  keep: z.record(variableName, dottedPath).optional().meta({ description: 'Variables taken from the JSON answer' }),
})

export const scenarioSchema = z.strictObject({
  name: text.regex(/^[a-z0-9][a-z0-9-]*$/, 'a name of small letters, digits and hyphens'),
  story: text,
  family: z.enum(families),
  topology: text,
  options: z
    .strictObject({
      movableClock: z
        .boolean()
        .default(false)
        .meta({ description: 'The clock of each node can be moved; needs libfaketime' }),
      needs: z
        .array(z.enum(programs))
        .default([])
        .meta({ description: 'Programs without which the scenario is skipped by name' }),
    })
    .prefault({}),
  within: span
    .default('15s')
    .meta({ description: 'How long each expectation may take, unless the step says otherwise' }),
  steps: z.array(step).min(1).max(500),
})

export type ScenarioFile = z.infer<typeof scenarioSchema>
export type Step = z.infer<typeof step>
export type Expectation = z.infer<typeof expectation>
export type EventPattern = z.infer<typeof eventPattern>
export type PhoneStep = z.infer<typeof phone>

/** What a step is about: exactly one of these is in it. */
export const stepKinds = ['say', 'do', 'kill', 'redial', 'phone', 'expect'] as const
export type StepKind = (typeof stepKinds)[number]

/** `30s` is 30 000. */
export function spanMs(text: string): number {
  const [, digits = '0', unit = 's'] = /^(\d+)(ms|s|m)$/.exec(text) ?? []
  return Number(digits) * (unit === 'ms' ? 1 : unit === 's' ? 1000 : 60_000)
}
