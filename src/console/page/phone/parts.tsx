/** What both skins draw alike: a presence sign, a conversation, the field to write in. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Presence } from './bodies.ts'
import { type PhoneModel, type PhoneState, type Line, nameOf } from './phone-model.ts'

/** What a user may say of itself: PIDF knows open and closed, the rest is its note. */
const ownStates: readonly (Presence & { readonly word: string })[] = [
  { word: 'Online', open: true, note: '' },
  { word: 'Busy', open: true, note: 'Busy' },
  { word: 'Be right back', open: true, note: 'Be right back' },
  { word: 'Away', open: true, note: 'Away' },
  { word: 'Appear offline', open: false, note: '' },
]

export function presenceWord(presence: Presence | undefined): string {
  if (presence === undefined) return 'Unknown'
  if (!presence.open) return 'Offline'
  return presence.note === '' ? 'Online' : presence.note
}

/** Shape and colour differ, and the word is beside the sign. */
function PresenceSign({ presence }: { readonly presence: Presence | undefined }): JSX.Element {
  const kind =
    presence === undefined ? 'unknown' : presence.open ? (presence.note === '' ? 'online' : 'busy') : 'offline'
  return (
    <span class={`presence ${kind}`} aria-hidden="true">
      {kind === 'online' ? '●' : kind === 'busy' ? '◐' : kind === 'offline' ? '○' : '?'}
    </span>
  )
}

export function ContactLine({ state, uri }: { readonly state: PhoneState; readonly uri: string }): JSX.Element {
  const presence = state.presence[uri]
  return (
    <>
      <PresenceSign presence={presence} /> <span class="who">{nameOf(state, uri)}</span>{' '}
      <span class="soft">{presenceWord(presence)}</span>
    </>
  )
}

export function Talk({ state, uri }: { readonly state: PhoneState; readonly uri: string }): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const lines = state.conversations[uri] ?? []
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [lines.length])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <div class="talk" role="log" tabIndex={0} ref={box} aria-label={`Conversation with ${nameOf(state, uri)}`}>
      {lines.length === 0 && <p class="soft">No message yet.</p>}
      {lines.map((line) => (
        <Said
          key={`${line.at} ${line.by} ${line.text}`}
          line={line}
          name={nameOf(state, line.by === 'me' ? state.uri : uri)}
        />
      ))}
    </div>
  )
}

function Said({ line: { by, text, at, failed }, name }: { readonly line: Line; readonly name: string }): JSX.Element {
  return (
    <p class={`said ${by}`}>
      <span class="soft">
        {name}, {new Date(at).toTimeString().slice(0, 5)}
      </span>
      <span class="text">{text}</span>
      {failed !== undefined && <span class="bad">✕ not delivered: {failed}</span>}
    </p>
  )
}

export function Compose({ phone, to }: { readonly phone: PhoneModel; readonly to: string }): JSX.Element {
  const [text, setText] = useState('')
  const send = (event: Event): void => {
    event.preventDefault()
    if (text.trim() === '') return
    void phone.send(to, text)
    setText('')
  }
  return (
    <form class="compose" onSubmit={send}>
      <input
        aria-label="Message"
        placeholder="Message"
        maxLength={8000}
        value={text}
        autocomplete="off"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit" class="main">
        Send
      </button>
    </form>
  )
}

export function OwnPresence({ phone, own }: { readonly phone: PhoneModel; readonly own: Presence }): JSX.Element {
  const word = ownStates.find(({ open, note }) => open === own.open && note === own.note)?.word ?? 'Online'
  return (
    <select
      aria-label="My presence"
      value={word}
      onChange={({ currentTarget: { value } }) => {
        const chosen = ownStates.find((each) => each.word === value)
        if (chosen !== undefined) void phone.setPresence({ open: chosen.open, note: chosen.note })
      }}
    >
      {ownStates.map((each) => (
        <option key={each.word}>{each.word}</option>
      ))}
    </select>
  )
}
