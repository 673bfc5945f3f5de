/** The picture of an answer: the chain of certificates, or the two ends and who refused whom. */
import type { JSX } from 'preact'
import { dayText } from '../words.ts'
import { State } from '../parts/state.tsx'
import type { ChainLink, Explanation } from './explanation.ts'

export function ExplainPicture({ explanation }: { readonly explanation: Explanation }): JSX.Element | null {
  const { chain, whoRefused, whoseCertificate } = explanation
  if (chain?.links !== undefined && chain.links.length > 0) return <Chain links={chain.links} />
  if (whoRefused) return <Ends whoRefused={whoRefused} whoseCertificate={whoseCertificate ?? undefined} />
  return null
}

function Chain({ links }: { readonly links: readonly ChainLink[] }): JSX.Element {
  return (
    <ol class="chain" aria-label="The chain, the end certificate first">
      {links.map(({ subject, place, key, certificate }) => (
        <li key={`${subject} ${certificate?.serial ?? ''}`} class={place === 'missing' ? 'missing' : ''}>
          <strong>{subject}</strong>
          <span class="soft">
            {certificate === undefined
              ? 'not in the file'
              : `${key ?? ''}, ${dayText(certificate.notBefore)} to ${dayText(certificate.notAfter)}`}
          </span>
          {certificate !== undefined && certificate.subjectAltNames.length > 0 && (
            <span class="soft">{certificate.subjectAltNames.join(', ')}</span>
          )}
          <State
            tone={place === 'missing' ? 'warn' : isOver(certificate?.notAfter) ? 'bad' : 'good'}
            text={place === 'missing' ? 'missing' : isOver(certificate?.notAfter) ? 'ended' : place}
          />
        </li>
      ))}
    </ol>
  )
}

function isOver(notAfter: string | undefined): boolean {
  return notAfter !== undefined && Date.parse(notAfter) < Date.now()
}

interface EndsProps {
  readonly whoRefused: 'us' | 'them'
  readonly whoseCertificate: 'ours' | 'theirs' | undefined
}

function Ends({ whoRefused, whoseCertificate }: EndsProps): JSX.Element {
  const text = `${whoRefused === 'us' ? 'Our end' : 'The other end'} refused`
  return (
    <figure class="ends" aria-label={text}>
      <span class={whoRefused === 'us' ? 'end refuses' : 'end'}>
        our end{whoseCertificate === 'ours' && <small>its certificate</small>}
      </span>
      <span class={`way ${whoRefused}`}>
        <span aria-hidden="true">{whoRefused === 'us' ? '✕ ⟶' : '⟵ ✕'}</span>
        <small>{text}</small>
      </span>
      <span class={whoRefused === 'them' ? 'end refuses' : 'end'}>
        the other end{whoseCertificate === 'theirs' && <small>its certificate</small>}
      </span>
    </figure>
  )
}
