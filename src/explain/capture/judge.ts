/** The certificates of a capture under the examiner's eyes: what is wrong with them at the time of the capture. */
import { isIP } from 'node:net'
import { examine, type Certificate, type Examination, type Fault } from '../../certificates/examine/index.ts'
import type { VerdictCode } from '../../certificates/verdict-codes.ts'

export interface JudgeRequest {
  /** DER, as shown. */
  readonly chain: readonly Buffer[]
  /** The end that showed them: an acceptor needs serverAuth, a dialler clientAuth. */
  readonly shownBy: 'dialler' | 'acceptor'
  /** Milliseconds since 1970, by the clock of the capture. */
  readonly at: number
  /** The name that was dialled, as far as the server name of the ClientHello tells it. */
  readonly name: string | undefined
  /** DER of trusted roots that the user gave. Empty: trust is not judged. */
  readonly anchors: readonly Buffer[]
}

export interface Judgement {
  /** Leaf first, as far as it can be read. */
  readonly path: readonly Certificate[]
  /** Faults for which a strict peer refuses, the most fundamental first. */
  readonly faults: readonly Fault[]
}

/** Without the trust list of the end that refuses, nothing can be said about these. */
const trustCodes: ReadonlySet<VerdictCode> = new Set<VerdictCode>([
  'chain.untrusted-root',
  'chain.incomplete',
  'chain.partial-anchor',
  'chain.issuer-mismatch',
])

export function judge(request: JudgeRequest): Judgement {
  const { chain, shownBy, at, name, anchors } = request
  const examination = examine({
    chain,
    anchors,
    names: name === undefined ? [] : [{ kind: isIP(name) === 0 ? 'dns' : 'ip', value: name }],
    purpose: shownBy === 'acceptor' ? 'serverAuth' : 'clientAuth',
    keyUsage: ['digitalSignature'],
    time: new Date(at),
    profile: 'node',
  })
  const seen = new Set<VerdictCode>()
  const faults = examination.faults.filter((fault) => {
    if (!counts(fault, examination, anchors.length > 0) || seen.has(fault.code)) return false
    seen.add(fault.code)
    return true
  })
  return { path: examination.path, faults }
}

function counts({ code, grade }: Fault, { anchored }: Examination, judgesTrust: boolean): boolean {
  if (grade !== 'path' || code === 'crl.missing') return false
  if (trustCodes.has(code)) return judgesTrust && !anchored
  return true
}
