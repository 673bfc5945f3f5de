/**
 * Remedies with names in place of placeholders. The table of codes speaks of NODE, the node that has to act, and of
 * PEER, the other end. A server outside the lab gets no command of siplab.
 */
import type { Verdict } from './verdict.ts'

type Place = Pick<Verdict, 'node' | 'link' | 'direction'>

/**
 * `siplab certs renew NODE` -> `siplab certs renew director`, where the verdict says whose certificate it is.
 *
 * @returns the remedy unchanged where the verdict does not say
 */
export function placedRemedy(remedy: string, place: Place): string {
  if (!/\b(?:NODE|PEER)\b/.test(remedy)) return remedy
  const { dialler, acceptor, peer } = partiesOf(place)
  const actor = /siplab mtls NODE/.test(remedy)
    ? acceptor
    : /default-outgoing/.test(remedy)
      ? dialler
      : (peer ?? (place.direction === undefined ? place.node : undefined))
  if (actor !== undefined && isOutside(actor)) return outsideRemedy(remedy, actor)
  if (peer !== undefined && isOutside(peer) && remedy.includes('PEER')) return outsideRemedy(remedy, peer)
  return remedy.replace(/\bNODE\b/g, (word) => actor ?? word).replace(/\bPEER\b/g, (word) => peer ?? word)
}

/**
 * `renew the certificate: siplab certs renew NODE` -> `renew the certificate on sbc1.contoso.test, then reload or
 * restart the server`.
 *
 * @param host the server, as it was dialled
 */
export function outsideRemedy(remedy: string, host: string): string {
  const known = outside.find(([command]) => remedy.includes(command))
  if (known !== undefined) return known[1].replaceAll('HOST', () => host)
  const plain = remedy.replace(/[:;,]? *(?:else )?siplab .*$/, '')
  return plain === '' ? `look into the log of ${host}` : plain.replace(/\b(?:NODE|PEER)\b/g, () => host)
}

const outside: readonly (readonly [command: string, remedy: string])[] = [
  ['certs renew', 'renew the certificate on HOST, then reload or restart the server'],
  ['certs issue', 'issue the certificate of HOST again, then reload or restart the server'],
  ['assign', 'configure a certificate on HOST, then reload or restart the server'],
  ['siplab events', 'look into the log of HOST: that end knows the reason'],
  ['siplab mtls', 'start the server on HOST, or open its TLS listener'],
  ['--format nftables', 'let the port pass on every firewall on the way to HOST'],
  ['--format zone', 'correct the DNS record that leads to HOST'],
  ['siplab clock', 'compare the clock of HOST with a time server'],
  ['siplab plan', 'compare the configuration of HOST with what was dialled'],
]

function partiesOf({ link, direction }: Place): {
  readonly dialler?: string | undefined
  readonly acceptor?: string | undefined
  readonly peer?: string | undefined
} {
  const [dialler, acceptor] = link?.split('->') ?? []
  if (dialler === undefined || acceptor === undefined || direction === undefined) return { dialler, acceptor }
  return { dialler, acceptor, peer: direction === 'outgoing' ? acceptor : dialler }
}

/** Nodes of a lab have short names; what stands there as an address or a full name is none of them. */
function isOutside(name: string): boolean {
  return /[.:]/.test(name)
}
