/**
 * Every event a node can write: one table for the log, the event file, `siplab events` and the generated docs page.
 *
 * `numbers` are those that a server of a profile is documented to have used for the same condition; where no source
 * gives one it stays absent and is never invented. For LCS 2005 none is known. The wording is ours.
 */
import type { ProfileName } from '../topology/profile.ts'
import type { NodeEvent } from './control/control-api.ts'

interface EventMeaning {
  readonly level: NodeEvent['level']
  readonly meaning: string
  /** Kept in the event file; the rest goes to the log only. */
  readonly kept: boolean
  readonly numbers?: Readonly<Partial<Record<ProfileName, number>>>
  /** Only where the cause is one of these; absent: whatever the cause. */
  readonly numberedFor?: RegExp
}

export const events = {
  'service.starting': { level: 'info', kept: true, meaning: 'The service is starting' },
  'service.ready': { level: 'info', kept: true, meaning: 'Every listener is open' },
  'service.stopping': { level: 'info', kept: true, meaning: 'The service was asked to stop' },
  'service.stopped': { level: 'info', kept: true, meaning: 'The service has stopped' },
  'service.stack-failed': {
    level: 'error',
    kept: true,
    meaning: 'The protocol stack could not be initialised',
    numbers: { ocs2007: 12326 },
  },
  'service.shut-down': {
    level: 'error',
    kept: true,
    meaning: 'The service shuts down because of an internal error',
    numbers: { ocs2007: 12299 },
  },
  'certificate.not-loaded': {
    level: 'error',
    kept: true,
    meaning: 'A configured certificate could not be loaded',
    numbers: { ocs2007: 14397 },
  },
  'configuration.not-retrieved': {
    level: 'error',
    kept: true,
    meaning: 'Configuration of a class could not be retrieved',
  },
  'certificate.assigned': { level: 'info', kept: true, meaning: 'A certificate reference was changed' },
  'certificate.live': { level: 'info', kept: true, meaning: 'New handshakes show this certificate' },
  'certificate.remarked': {
    level: 'warn',
    kept: true,
    meaning: 'An own certificate is used although something is wrong with it',
  },
  'certificate.kept': {
    level: 'warn',
    kept: true,
    meaning: 'A new certificate could not be used; the server keeps using the old one',
  },
  'certificate.ending': {
    level: 'warn',
    kept: true,
    meaning: 'An own certificate is in the last third of its lifetime',
  },
  'certificate.early': {
    level: 'warn',
    kept: true,
    meaning: 'The clock of the node was set back to before the begin of an own certificate in use',
  },
  'certificate.ended': { level: 'error', kept: true, meaning: 'An own certificate in use has ended' },
  'certificate.link-outlived': {
    level: 'warn',
    kept: true,
    meaning: 'A connection is still open two seconds after its certificate expired, or after it was revoked',
  },
  'crl.loaded': { level: 'info', kept: true, meaning: 'Revocation lists were read' },
  'crl.unusable': { level: 'error', kept: true, meaning: 'A revocation list is missing, stale or unreadable' },
  'mtls.changed': { level: 'info', kept: true, meaning: 'The MTLS listener was switched' },
  'flow.opened': { level: 'debug', kept: false, meaning: 'A flow was opened' },
  'flow.closed': { level: 'debug', kept: false, meaning: 'A flow was closed' },
  'flow.accepted': { level: 'info', kept: true, meaning: 'A peer that showed a certificate was accepted' },
  'flow.refused': { level: 'warn', kept: true, meaning: 'A connection was refused by this end' },
  'flow.lost': {
    level: 'warn',
    kept: true,
    meaning: 'A connection that showed or wanted a certificate ended before the first SIP message',
  },
  'link.up': { level: 'info', kept: true, meaning: 'A link gave its first SIP answer' },
  // 14428 reported TLS failures alone: a port without a listener led to another event, or to none.
  'link.down': {
    level: 'warn',
    kept: true,
    meaning: 'A link could not be used',
    numbers: { ocs2007: 14428 },
    numberedFor: /^(?:cert|chain|tls|crl|trust)\./,
  },
  'link.fault': { level: 'warn', kept: true, meaning: 'A fault was placed on a link, or removed' },
  'peer.probe': { level: 'debug', kept: false, meaning: 'A connection closed before its ClientHello' },
  'message.malformed': { level: 'warn', kept: false, meaning: 'A message could not be read' },
  'request.malformed': {
    level: 'warn',
    kept: true,
    meaning: 'A field of a message cannot be read or used: which, and where it is',
  },
  'message.failed': {
    level: 'error',
    kept: false,
    meaning: 'An error of siplab: a message or a timer could not be handled; nothing else is affected',
  },
  'connection.limit': { level: 'warn', kept: false, meaning: 'A connection was refused because of a limit' },
  'connection.wrong-protocol': {
    level: 'warn',
    kept: true,
    meaning: 'A peer spoke another protocol than the port has; the connection was closed',
  },
  'connection.incident': { level: 'debug', kept: false, meaning: 'Something went wrong on a connection' },
  'route.refused': {
    level: 'warn',
    kept: true,
    meaning: 'A request was refused because its Route did not come from this server',
  },
  'response.dropped': {
    level: 'info',
    kept: true,
    meaning:
      'Responses with no Via but ours, which end here (RFC 3261 §16.7 step 3); of many, every thousandth is logged',
  },
  'ack.dropped': {
    level: 'warn',
    kept: true,
    meaning: 'An ACK could not be forwarded: the end that sent the 2xx repeats the 2xx and ends the call',
  },
  'request.forbidden': {
    level: 'warn',
    kept: true,
    meaning: 'A request was refused by the trust table',
  },
  'partner.refused': {
    level: 'warn',
    kept: true,
    meaning: 'A request of another organisation was refused: its edge does not speak for that domain',
  },
  'request.received': { level: 'debug', kept: false, meaning: 'A request arrived' },
  'request.forwarded': { level: 'info', kept: false, meaning: 'A request was forwarded' },
  'request.answered': { level: 'info', kept: false, meaning: 'A request got its final answer' },
  'request.refused': { level: 'info', kept: false, meaning: 'A policy refused a request' },
  'machine.impaired': {
    level: 'warn',
    kept: true,
    meaning: 'The machine refuses a resource to the node: disk space, a reader of its log, or descriptors',
  },
  'machine.recovered': { level: 'info', kept: true, meaning: 'The machine gives the node the refused resource again' },
  'store.lost': { level: 'error', kept: true, meaning: 'The store cannot be used' },
  'store.back': { level: 'info', kept: true, meaning: 'The store can be used again' },
  'drain.started': { level: 'info', kept: true, meaning: 'The node accepts no new work' },
  'drain.finished': { level: 'info', kept: true, meaning: 'The node has nothing left in progress' },
} as const satisfies Record<string, EventMeaning>

export type EventName = keyof typeof events

/** The number of an event under a profile, for its cause. Absent: no source gives one. */
export function eventNumber(event: EventName, profile: ProfileName, cause: string | undefined): number | undefined {
  const { numbers, numberedFor }: EventMeaning = events[event]
  return numberedFor === undefined || numberedFor.test(cause ?? '') ? numbers?.[profile] : undefined
}

export function meaningOf(event: EventName): EventMeaning {
  return events[event]
}
