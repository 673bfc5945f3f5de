/** A state: colour, sign and word together, so that none of them is needed alone. */
import type { JSX } from 'preact'
import { signOf, type Tone } from '../words.ts'

export function State({ tone, text }: { readonly tone: Tone; readonly text: string }): JSX.Element {
  return (
    <span class={`state ${tone}`}>
      <span aria-hidden="true">{signOf[tone]}</span> {text}
    </span>
  )
}
