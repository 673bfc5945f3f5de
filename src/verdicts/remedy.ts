/**
 * Remedies with names instead of placeholders. The table of codes speaks of NODE, the server whose certificate it is,
 * REFUSER, the end that judged and refused, DIALLER, ACCEPTOR, and PEER, the other end; `{certificate}` is the
 * certificate. Commands are at the end, after a colon, one after the other with `;` between them: a shell takes them
 * as they are. A server outside the lab gets no command of siplab.
 */
import type { Verdict, VerdictCertificate } from './verdict.ts'

type Place = Pick<Verdict, 'node' | 'link' | 'direction'>

export type Placeholder = 'NODE' | 'PEER' | 'REFUSER' | 'DIALLER' | 'ACCEPTOR'
/** The name of each party; absent: no node of the lab, or not known. */
export type Parties = Readonly<Partial<Record<Placeholder, string>>>

const placeholders = /\b(?:NODE|PEER|REFUSER|DIALLER|ACCEPTOR)\b/g

/** For a party whose name is not known. */
const words: Readonly<Record<Placeholder, string>> = {
  NODE: 'the server',
  PEER: 'the other end',
  REFUSER: 'the end that refuses',
  DIALLER: 'the end that dials',
  ACCEPTOR: 'the end that accepts',
}

/** `the certificate CN=fe1.lab.test (serial 5a01…)`, or `the certificate` when it is not known which. */
export function withCertificate(remedy: string, certificate: VerdictCertificate | undefined): string {
  const named =
    certificate === undefined
      ? 'the certificate'
      : `the certificate ${certificate.subject === '' ? '' : `${certificate.subject} `}(serial ${certificate.serial})`
  return remedy.replaceAll('{certificate}', () => named)
}

/**
 * `renew the certificate: siplab certs renew NODE` -> `renew the certificate: siplab certs renew director`, where the
 * verdict says whose certificate it is.
 *
 * @returns the remedy unchanged where the verdict says nothing of a place
 */
export function placedRemedy(remedy: string, place: Place): string {
  const isKnown = place.link !== undefined || (place.node !== undefined && place.direction === undefined)
  if (!isKnown || remedy.match(placeholders) === null) return remedy
  const parties = partiesOf(place)
  const outsider = partiesIn(remedy)
    .map((party) => parties[party])
    .find((name) => name !== undefined && isOutside(name))
  if (outsider !== undefined) return outsideRemedy(remedy, outsider)
  const known = (text: string): boolean => partiesIn(text).every((party) => parties[party] !== undefined)
  const placed = known(commandsOf(remedy)) ? remedy : withoutCommands(remedy)
  return withoutRepeats(placed.replace(placeholders, (party) => parties[party as Placeholder] ?? wordFor(party)))
}

/**
 * A remedy of a check that dials a node of the lab: the names of the ends are put in, and a command that speaks of an
 * end that is no node is left out.
 *
 * @param words for the ends that are no nodes, `{ DIALLER: 'this client' }`; absent: the usual ones
 */
export function remedyFor(remedy: string, parties: Parties, said: Parties = {}): string {
  if (remedy.match(placeholders) === null) return remedy
  const commands = commandsOf(remedy)
  const isKnown = (text: string): boolean => partiesIn(text).every((party) => parties[party] !== undefined)
  const kept = commands.split('; ').filter((command) => command !== '' && isKnown(command))
  const text = withoutCommands(remedy)
  const all = kept.length === 0 ? text : `${text}: ${kept.join('; ')}`
  const name = (party: string): string => parties[party as Placeholder] ?? said[party as Placeholder] ?? wordFor(party)
  return withoutRepeats(all.replace(placeholders, name))
}

/** Whether a text has a placeholder or a command of siplab: it says nothing to the operator of another server. */
export function isForLab(remedy: string): boolean {
  return remedy.match(placeholders) !== null || /\bsiplab /.test(remedy)
}

/** What a server found about its own files, where who found it did not know whose they are. */
export function placedAt(found: Verdict, node: string): Verdict {
  const { fix, others } = found
  return {
    ...found,
    node,
    ...(fix === undefined ? {} : { fix: placedRemedy(fix, { ...found, node }) }),
    ...(others === undefined ? {} : { others: others.map((other) => placedAt(other, node)) }),
  }
}

/** For a server that has ended: after the remedy somebody has to start it again. */
export function thenStart(remedy: string, node: string): string {
  return commandsOf(remedy) === '' || remedy.includes('siplab node start')
    ? remedy
    : `${remedy}; siplab node start ${node}`
}

/**
 * The commands of a remedy, as a shell takes them: `siplab certs renew director; siplab node start director`.
 *
 * @returns an empty text where a person has to act
 */
export function commandsOf(remedy: string): string {
  return /(?:^|: )((?:siplab|chmod) [^]*)$/.exec(remedy)?.[1] ?? ''
}

/**
 * `renew the certificate: siplab certs renew NODE` -> `renew the certificate on sbc1.contoso.test, then reload or
 * restart the server`.
 *
 * @param host the server, as it was dialled
 */
export function outsideRemedy(remedy: string, host: string): string {
  const commands = commandsOf(remedy)
  const known = outside.find(([command]) => commands.includes(command))
  if (known !== undefined) return known[1].replaceAll('HOST', () => host)
  const plain = withoutCommands(remedy)
    .replace(/[:;,]? *(?:else )?siplab .*$/, '')
    .replace(/\b(?:NODE|PEER|ACCEPTOR)\b/g, () => host)
    .replace(/\bDIALLER\b/g, 'the client')
    .replace(placeholders, wordFor)
  if (plain === '') return `look into the log of ${host}`
  return commands.includes('certs renew') ? `${plain}, then reload or restart ${host}` : plain
}

const outside: readonly (readonly [command: string, remedy: string])[] = [
  ['siplab events', 'look into the log of HOST: that end knows the reason'],
  ['siplab mtls', 'start the server on HOST, or open its TLS listener'],
  [
    '--format nftables',
    'check that the server on HOST runs, and that every firewall between the ends lets the port pass',
  ],
  ['--format zone', 'correct the DNS record that leads to HOST'],
  ['siplab clock', 'compare the clock of HOST with a time server'],
  ['siplab plan', 'compare the configuration of HOST with what was dialled'],
]

function withoutCommands(remedy: string): string {
  const commands = commandsOf(remedy)
  return commands === '' ? remedy : remedy.slice(0, -commands.length).replace(/: $/, '')
}

/** Both ends are one where a server judges itself: what is to be done there is done once. */
function withoutRepeats(remedy: string): string {
  const commands = commandsOf(remedy)
  if (commands === '') return remedy
  return remedy.slice(0, -commands.length) + [...new Set(commands.split('; '))].join('; ')
}

function wordFor(party: string): string {
  return words[party as Placeholder]
}

function partiesIn(remedy: string): readonly Placeholder[] {
  return (remedy.match(placeholders) ?? []) as readonly Placeholder[]
}

/** Without a link a server speaks of itself, and is every end but the other one. */
function partiesOf({ node, link, direction }: Place): Readonly<Partial<Record<Placeholder, string>>> {
  const [dialler, acceptor] = link?.split('->') ?? []
  const known = (parties: Readonly<Record<Placeholder, string | undefined>>): Partial<Record<Placeholder, string>> =>
    Object.fromEntries(Object.entries(parties).filter(([, name]) => name !== undefined))
  if (dialler === undefined || acceptor === undefined)
    return known({ NODE: node, REFUSER: node, DIALLER: node, ACCEPTOR: node, PEER: undefined })
  const peer = direction === undefined ? undefined : direction === 'outgoing' ? acceptor : dialler
  return known({ NODE: peer, PEER: peer, REFUSER: node, DIALLER: dialler, ACCEPTOR: acceptor })
}

/** Nodes of a lab have short names; a party named by an address or a full name is none of them. */
function isOutside(name: string): boolean {
  return /[.:]/.test(name)
}
