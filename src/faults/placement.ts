/** A fault before it is put on a lab: the edits it makes, as data, and how it is to be seen. */
import type { CertificateReference } from '../certificates/certificate-request.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { SeenLink } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { View, Watch } from '../lab/watch.ts'
import type { ChangeReport } from '../node/control/control-api.ts'
import type { Side } from './catalogue/fault.ts'

/** One file of the lab. */
export interface FileEdit {
  readonly kind: 'file'
  /** Whose file it is, and who reads it anew. Absent: a database, which no single node owns. */
  readonly node?: string
  /** Path inside the folder of the lab: `nodes/director/trust.pem`. */
  readonly file: string
  /** `absent`: the file goes. `folder`: a folder replaces it, and opening it as a file fails. */
  readonly content: string | Uint8Array | { readonly is: 'absent' | 'folder' }
  /** Permissions of the file; `0o600` when absent. */
  readonly mode?: number
}

/** A certificate reference of a node. */
export interface AssignmentEdit {
  readonly kind: 'assignment'
  readonly node: string
  readonly reference: CertificateReference
  /** Name of the certificate that the reference gets, and of the one that it has. */
  readonly certificate: string
  readonly before: string
}

/** What acts inside a node, switched on and off through its control API. */
interface RequestEdit {
  readonly kind: 'request'
  readonly node: string
  readonly path: '/link-fault' | '/dns-faults' | '/sql-fault'
  readonly body: unknown
  /** The body that takes it off again. */
  readonly undo: unknown
}

export type Edit = FileEdit | AssignmentEdit | RequestEdit

/** What has to be remembered of an edit to undo it: no content, which may be a key. */
export type Undo = Omit<FileEdit, 'content' | 'mode'> | AssignmentEdit | Omit<RequestEdit, 'body'>

/** What the nodes did about the edits. */
export interface TakenUp {
  /** Listens since before the first edit. */
  readonly watch: Watch
  readonly reports: readonly ChangeReport[]
  /** Whether every node that was started again became ready. */
  readonly ready: boolean
}

export interface Placement {
  readonly target: string
  readonly fault: string
  readonly as?: Side
  /** One sentence for people. */
  readonly story: string
  /** In the order in which they are made. */
  readonly edits: readonly Edit[]
  /** Nodes that read the edits at their start only: stopped before, started after. */
  readonly restarts: readonly string[]
  /** Waits for what the fault brings to light. */
  look(taken: TakenUp): Promise<Seen>
  /** What follows once the fault was seen, and what is to be said of it. Absent: nothing. */
  readonly then?: {
    readonly edits: readonly Edit[]
    readonly reload: string
    look(lab: RunningLabAccess, watch: Watch): Promise<readonly string[]>
  }
}

/** What a fault brought to light. */
export interface Seen {
  /** The code the fault is known by; absent for a control, which no one minds. */
  readonly expected?: string
  /** The joined verdict of the link, or of the start. Absent: no one minds. */
  readonly verdict?: Verdict
  /** What each end wrote by itself. */
  readonly views: readonly View[]
  /** What a node says about its own certificate while it goes on using it. */
  readonly remarks: readonly Verdict[]
  readonly links: readonly SeenLink[]
  /** The verdict names the injected fault first; of a control, that there is none. */
  readonly named: boolean
  readonly notes: readonly string[]
}

/** What came of a break, as `siplab break` shows it. */
export interface Outcome extends Seen {
  readonly target: string
  readonly fault: string
  readonly as?: Side
  readonly story: string
  readonly restarted: boolean
}
