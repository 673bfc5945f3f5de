/**
 * The files on disk. One lab is one folder; each node has its own folder below it and reads no other node's.
 *
 *     .siplab/edge/                      the lab's data folder
 *       lab.json                         what `up` decided: topology, network, process ids
 *       pki/                             the authority (certificates/authority.ts)
 *       directory.sqlite  pool-NAME.sqlite
 *       nodes/fe1/
 *         events.jsonl                   its event log, appended first, whatever else is down
 *         control.sock                   its control API
 *         node.log                       its standard output and error
 *         kept-faults.json               faults that act in its process, until `siplab heal` (node/kept-faults.ts)
 *         settings.json                  what an administrator changed while it ran (mtls on/off)
 *         certificates/NAME.pem .key     leaf first, then its chain; keys 0600
 *         certificates/assignments.json  which certificate each reference points at (certificates/node-certificates.ts)
 *         organisation.key               copy of the key its organisation's servers share (shared-key.ts); only in
 * containers
 *         trust.pem                      the anchors this node trusts, one block each; of an access proxy: inside
 *         trust-external.pem             those of the outside face of an access proxy
 *         crl/NAME.pem                   revocation lists, one a file; an empty folder: revocation is not checked
 */
import { join } from 'node:path'
import type { CertificateReference } from '../../certificates/certificate-request.ts'

export interface NodeFolder {
  readonly root: string
  readonly events: string
  readonly controlSocket: string
  /** Holds the path of the socket when `controlSocket` would be longer than a Unix socket name may be. */
  readonly controlSocketPointer: string
  readonly log: string
  readonly settings: string
  readonly certificates: string
  readonly organisationKey: string
  readonly trust: string
  /** What the outside face of an access proxy trusts (docs/decisions/0060). */
  readonly externalTrust: string
  readonly crl: string
}

export function nodeFolder(labFolder: string, node: string): NodeFolder {
  const root = join(labFolder, 'nodes', node)
  return {
    root,
    events: join(root, 'events.jsonl'),
    controlSocket: join(root, 'control.sock'),
    controlSocketPointer: join(root, 'control.sock.path'),
    log: join(root, 'node.log'),
    settings: join(root, 'settings.json'),
    certificates: join(root, 'certificates'),
    organisationKey: join(root, 'organisation.key'),
    trust: join(root, 'trust.pem'),
    externalTrust: join(root, 'trust-external.pem'),
    crl: join(root, 'crl'),
  }
}

/**
 * The list that certificates at one reference are judged by: the outside face of an access proxy has one of its own.
 */
export function trustFileFor(folder: NodeFolder, reference: CertificateReference | undefined): string {
  return reference === 'edge-external' ? folder.externalTrust : folder.trust
}
