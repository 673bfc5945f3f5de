/** Who dials, and whose certificate is judged: four ways for a fault to be met. */
import { checkAnswer, listen } from './answers.ts'
import type { EndFiles, Stack, TlsVersion } from '../stacks/stack.ts'
import type { Case } from './cases.ts'
import { score, type Row } from './score.ts'

export interface Run {
  readonly title: string
  /** `accepted`: neither end refused, so there is nothing to explain. */
  readonly play: (folder: string) => Promise<Row | 'accepted'>
}

type Answer = Parameters<typeof score>[2] | 'accepted'

interface Way {
  readonly name: string
  readonly siplab: 'dials' | 'is dialled'
  readonly judges: 'siplab' | 'stack'
}

const ways: readonly Way[] = [
  { name: 'siplab dials and judges', siplab: 'dials', judges: 'siplab' },
  { name: 'siplab dials and is judged', siplab: 'dials', judges: 'stack' },
  { name: 'siplab is dialled and judged', siplab: 'is dialled', judges: 'stack' },
  { name: 'siplab is dialled and judges', siplab: 'is dialled', judges: 'siplab' },
]

export function runsOf(stack: Stack, which: Case, version: TlsVersion): readonly Run[] {
  return ways
    .filter((way) => exists(way, which, stack))
    .map((way) => ({
      title: `${stack.name}, TLS ${version}, ${way.name}, ${which.slug}`,
      play: async (folder) => {
        const began = performance.now()
        const [theirs, ours] = way.judges === 'stack' ? [which.judge, which.presenter] : [which.presenter, which.judge]
        const meet = way.siplab === 'dials' ? siplabDials : siplabIsDialled
        const answer = await meet(stack, { ...theirs, folder }, ours, version)
        if (answer === 'accepted' && which.truth.length > 0) return answer
        const ms = Math.round(performance.now() - began)
        const asked = { stack: stack.name, tls: version, way: way.name, ms }
        return score(asked, seenTruth(way, which, stack), answer === 'accepted' ? undefined : answer)
      },
    }))
}

function exists({ siplab, judges }: Way, { shownBy, slug, judge, presenter }: Case, stack: Stack): boolean {
  const presenterDials = (siplab === 'dials') === (judges === 'stack')
  if (shownBy !== 'both' && (shownBy === 'dialler') !== presenterDials) return false
  if (judges === 'siplab' && presenter.own === undefined && stack.alwaysShows === true) return false
  if (siplab === 'dials' && judges === 'stack' && stack.refusesAfterwards === true) return false
  return judges === 'siplab' ? judge.clock === undefined : stack.overlooks?.includes(slug) !== true
}

/** What the peer does not show cannot be its fault: the true cause is then that it showed none. */
function seenTruth({ judges }: Way, { slug, truth }: Case, stack: Stack): Pick<Case, 'slug' | 'truth'> {
  const none = judges === 'siplab' && stack.showsNoneFor?.includes(slug) === true
  return { slug, truth: none ? [...truth, 'tls.client-cert-missing'] : truth }
}

async function siplabDials(stack: Stack, theirs: EndFiles, ours: EndFiles, version: TlsVersion): Promise<Answer> {
  const { port, program } = await stack.accept(theirs, version)
  return checkAnswer(ours, port, version).finally(() => program.stop())
}

async function siplabIsDialled(stack: Stack, theirs: EndFiles, ours: EndFiles, version: TlsVersion): Promise<Answer> {
  const listening = await listen(ours, version)
  try {
    const program = await stack.dial(theirs, listening.port, version)
    return await listening.verdict(patienceMs).finally(() => program.stop())
  } finally {
    await listening.close()
  }
}

/** A stack that starts slowly on a busy machine. */
const patienceMs = 10_000
