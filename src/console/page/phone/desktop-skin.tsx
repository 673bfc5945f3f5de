/** The skin of a desktop client: contacts beside a conversation, as Office Communicator had it. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PlanDocument } from '../documents.ts'
import { useStore } from '../store.ts'
import { type PhoneModel, type PhoneState, nameOf } from './phone-model.ts'
import { FindContacts } from './find-contacts.tsx'
import { CallBar, CallButton } from './call-bar.tsx'
import { Compose, ContactLine, OwnPresence, Talk } from './parts.tsx'
import { Address, Password, Way } from './sign-in-fields.tsx'
import { useSignIn } from './sign-in.ts'

export function DesktopSkin({ phone, plan }: { readonly phone: PhoneModel; readonly plan: PlanDocument }): JSX.Element {
  const state = useStore(phone.state)
  return (
    <section class="desktop" aria-label="Desktop client">
      <h2 class="phone-title">
        {state.stage === 'signed-in' ? `${nameOf(state, state.uri)} – Communicator` : 'Communicator'}
      </h2>
      <CallBar phone={phone} state={state} />
      {state.stage === 'signed-in' ? <Client phone={phone} state={state} /> : <SignIn phone={phone} plan={plan} />}
    </section>
  )
}

function SignIn({ phone, plan }: { readonly phone: PhoneModel; readonly plan: PlanDocument }): JSX.Element {
  const { stage } = useStore(phone.state)
  const form = useSignIn(plan, 1, 'inside')
  const signIn = (event: Event): void => {
    event.preventDefault()
    if (form.way !== undefined) void phone.signIn(form.account, form.way)
  }
  return (
    <form class="desktop-sign-in" onSubmit={signIn}>
      <Address form={form} />
      <Password form={form} />
      <Way form={form} />
      <button type="submit" class="main" disabled={stage === 'signing-in' || form.way === undefined}>
        {stage === 'signing-in' ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  )
}

function Client({ phone, state }: { readonly phone: PhoneModel; readonly state: PhoneState }): JSX.Element {
  const [chosen, choose] = useState<string>()
  const open = chosen ?? state.unread[0] ?? Object.keys(state.conversations)[0]
  if (open !== undefined && state.unread.includes(open)) queueMicrotask(() => phone.read(open))
  const others = Object.keys(state.conversations).filter((uri) => !state.contacts.some((each) => each.uri === uri))
  return (
    <div class="client">
      <div class="client-contacts">
        <OwnPresence phone={phone} own={state.own} />
        <ul class="contact-list">
          {[...state.contacts.map(({ uri }) => uri), ...others].map((uri) => (
            <li key={uri}>
              <button type="button" class="contact" aria-pressed={uri === open} onClick={() => choose(uri)}>
                <ContactLine state={state} uri={uri} />
                {state.unread.includes(uri) && <strong>new</strong>}
              </button>
            </li>
          ))}
        </ul>
        <FindContacts phone={phone} state={state} talk={choose} />
        <button type="button" onClick={() => void phone.signOut()}>
          Sign out
        </button>
      </div>
      <div class="client-talk">
        {open === undefined ? (
          <p class="empty">Choose a contact, or search for a user.</p>
        ) : (
          <>
            <h3>{nameOf(state, open)} – Conversation</h3>
            <Talk state={state} uri={open} />
            <Compose phone={phone} to={open} />
            <div class="actions">
              <CallButton phone={phone} state={state} uri={open} />
            </div>
          </>
        )}
      </div>
    </div>
  )
}
