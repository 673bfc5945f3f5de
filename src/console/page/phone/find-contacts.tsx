/** Search in the directory of the home server ([MS-SIP] directorySearch), with what can be done with who was found. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Contact } from './bodies.ts'
import type { PhoneModel, PhoneState } from './phone-model.ts'

interface FindProps {
  readonly phone: PhoneModel
  readonly state: PhoneState
  readonly talk: (uri: string) => void
}

export function FindContacts({ phone, state, talk }: FindProps): JSX.Element {
  const [text, setText] = useState('')
  const [found, setFound] = useState<readonly Contact[]>()
  const find = (event: Event): void => {
    event.preventDefault()
    if (text.trim() !== '') void phone.search(text.trim()).then(setFound)
  }
  return (
    <>
      <form class="compose" onSubmit={find}>
        <input
          type="search"
          aria-label="Name or address"
          placeholder="Name or address"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">Find</button>
      </form>
      {state.complaint !== undefined && <p class="notice bad">{state.complaint}</p>}
      {found?.length === 0 && state.complaint === undefined && <p class="soft">No one has that name.</p>}
      <ul class="contact-list">
        {found?.map((contact) => (
          <li key={contact.uri} class="found">
            <span>
              {contact.name} <span class="soft">{contact.uri}</span>
            </span>
            <button
              type="button"
              class="small"
              onClick={() => talk(contact.uri)}
              aria-label={`Write to ${contact.name}`}
            >
              Write
            </button>
            {!state.contacts.some(({ uri }) => uri === contact.uri) && contact.uri !== state.uri && (
              <button
                type="button"
                class="small"
                onClick={() => void phone.addContact(contact)}
                aria-label={`Add ${contact.name}`}
              >
                Add
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
