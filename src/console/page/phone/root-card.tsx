/** The root that a browser must trust before a phone signs in, and how to install it. */
import type { JSX } from 'preact'
import type { Verdict } from '../documents.ts'
import { useDocument } from '../loading.ts'
import { Copy } from '../parts/copy.tsx'
import { Failed } from '../parts/problem.tsx'
import { Fact } from '../parts/verdict.tsx'
import { session } from '../session.ts'
import { useStore } from '../store.ts'
import { dayText } from '../words.ts'
import type { WayIn } from './ways.ts'

type Certificate = NonNullable<Verdict['certificate']>

export function RootCard({ way }: { readonly way: WayIn }): JSX.Element {
  const file = useStore(session)?.roots[way.host]
  const { state } = useDocument<readonly Certificate[]>(file === undefined ? undefined : `/api/roots/${way.host}`)
  if (file === undefined)
    return <p>Trust the root of {way.host}; its file is where the lab keeps its authorities (pki/).</p>
  if (state.kind === 'loading') return <p class="loading">Reading the root…</p>
  if (state.kind === 'failed') return <Failed failure={state.failure} />
  const [root] = state.document
  const add = `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n 'siplab ${way.trust}' -i ${file}`
  return (
    <div class="root-card">
      <dl class="facts">
        <Fact name="Issued to" value={root?.subject} />
        <Fact name="Valid" value={root && `${dayText(root.notBefore)} to ${dayText(root.notAfter)}`} />
        <Fact name="SHA-256" value={root?.fingerprint?.match(/.{1,8}/g)?.join(' ')} />
        <Fact name="File" value={file} />
      </dl>
      <p>Add it to the roots of this browser. Chromium on Linux:</p>
      <p class="typed">
        <code>{add}</code> <Copy text={add} what="command" />
      </p>
    </div>
  )
}
