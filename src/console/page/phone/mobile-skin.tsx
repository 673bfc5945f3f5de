/** The phone in the hand: one screen at a time, a title above and two soft keys below, as Communicator Mobile had it. */
import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PlanDocument } from '../documents.ts'
import { useStore } from '../store.ts'
import { type PhoneModel, type PhoneState, nameOf } from './phone-model.ts'
import { CallBar } from './call-bar.tsx'
import { FindContacts } from './find-contacts.tsx'
import { Compose, ContactLine, OwnPresence, presenceWord, Talk } from './parts.tsx'
import { RootCard } from './root-card.tsx'
import { Address, Password, Way } from './sign-in-fields.tsx'
import { type SignInForm, useSignIn } from './sign-in.ts'

type Screen =
  | { readonly at: 'root' | 'address' | 'server' | 'today' | 'contacts' | 'find' }
  | { readonly at: 'conversation' | 'menu'; readonly with: string }

type Go = (screen: Screen) => void

interface ScreenProps {
  readonly phone: PhoneModel
  readonly state: PhoneState
  readonly go: Go
}

export function MobileSkin({ phone, plan }: { readonly phone: PhoneModel; readonly plan: PlanDocument }): JSX.Element {
  const state = useStore(phone.state)
  const [screen, go] = useState<Screen>({ at: state.stage === 'signed-in' ? 'today' : 'root' })
  const form = useSignIn(plan, 0, 'outside')
  const props = { phone, state, go }
  return (
    <section class="mobile" aria-label="Mobile phone">
      <CallBar phone={phone} state={state} />
      {state.stage === 'signed-in' ? (
        <SignedIn {...props} screen={screen} />
      ) : (
        <SignedOut {...props} screen={screen} form={form} />
      )}
    </section>
  )
}

interface FrameProps {
  readonly title: string
  readonly left?: readonly [word: string, act: () => void]
  readonly right?: readonly [word: string, act: () => void]
  readonly children: ComponentChildren
}

function Shown({ title, left, right, children }: FrameProps): JSX.Element {
  return (
    <>
      <h2 class="phone-title">{title}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="phone-screen" aria-label={title} tabIndex={0}>
        {children}
      </section>
      <div class="soft-keys">
        {[left, right].map((key, at) =>
          key === undefined ? (
            <span key={at === 0 ? 'left' : 'right'} />
          ) : (
            <button type="button" key={at === 0 ? 'left' : 'right'} onClick={key[1]}>
              {key[0]}
            </button>
          ),
        )}
      </div>
    </>
  )
}

function SignedOut({
  phone,
  state,
  go,
  screen,
  form,
}: ScreenProps & { readonly screen: Screen; readonly form: SignInForm }): JSX.Element {
  if (state.stage === 'signing-in')
    return (
      <Shown title="Signing in" right={['Cancel', () => void phone.signOut()]}>
        <p class="loading">
          {state.uri} at {state.way?.host}…
        </p>
      </Shown>
    )
  if (screen.at === 'root' && form.way !== undefined)
    return (
      <Shown title="Add root certificate" right={['Next', () => go({ at: 'address' })]}>
        <RootCard way={form.way} />
      </Shown>
    )
  const signIn = (): void => {
    if (form.way === undefined) return
    void phone.signIn(form.account, form.way)
    go({ at: 'today' })
  }
  if (screen.at === 'server') return <Server form={form} signIn={signIn} go={go} />
  return (
    <Shown title="Sign in" left={['Root', () => go({ at: 'root' })]} right={['Next', () => go({ at: 'server' })]}>
      <Address form={form} />
      <p class="soft">The address of a user of this lab, such as sip:alice@lab.test.</p>
    </Shown>
  )
}

function Server({
  form,
  signIn,
  go,
}: {
  readonly form: SignInForm
  readonly signIn: () => void
  readonly go: Go
}): JSX.Element {
  return (
    <Shown title="Sign in" left={['Back', () => go({ at: 'address' })]} right={['Sign in', signIn]}>
      <p>{form.uri}</p>
      <Password form={form} />
      <Way form={form} />
    </Shown>
  )
}

function SignedIn({ screen, ...props }: ScreenProps & { readonly screen: Screen }): JSX.Element {
  switch (screen.at) {
    case 'contacts':
      return <Contacts {...props} />
    case 'find':
      return (
        <Shown
          title="Find contacts"
          left={['Contacts', () => props.go({ at: 'contacts' })]}
          right={['Today', () => props.go({ at: 'today' })]}
        >
          <FindContacts
            phone={props.phone}
            state={props.state}
            talk={(uri) => props.go({ at: 'conversation', with: uri })}
          />
        </Shown>
      )
    case 'conversation':
      return <Conversation {...props} uri={screen.with} />
    case 'menu':
      return <Menu {...props} uri={screen.with} />
    default:
      return <Today {...props} />
  }
}

function Today({ phone, state, go }: ScreenProps): JSX.Element {
  const [from] = state.unread
  const online = state.contacts.filter(({ uri }) => state.presence[uri]?.open === true).length
  return (
    <Shown
      title="Today"
      left={['Sign out', () => void phone.signOut()]}
      right={['Contacts', () => go({ at: 'contacts' })]}
    >
      <p class="today-date">
        {new Date().toLocaleDateString('en', { weekday: 'long', day: 'numeric', month: 'long' })}
      </p>
      <ul class="today">
        <li>
          <strong>{nameOf(state, state.uri)}</strong>, {presenceWord(state.own)}
        </li>
        <li>
          {online} of {state.contacts.length} contacts online
        </li>
        <li>{state.unread.length === 0 ? 'No new messages' : `New messages from ${state.unread.length}`}</li>
      </ul>
      {from !== undefined && (
        <div class="balloon" role="alert">
          <p>
            <strong>{nameOf(state, from)}</strong>
          </p>
          <p>{state.conversations[from]?.findLast(({ by }) => by === 'them')?.text}</p>
          <div class="actions">
            <button type="button" class="main" onClick={() => go({ at: 'conversation', with: from })}>
              Reply
            </button>
            <button type="button" onClick={() => phone.read(from)}>
              Dismiss
            </button>
          </div>
        </div>
      )}
      <OwnPresence phone={phone} own={state.own} />
    </Shown>
  )
}

function Contacts({ state, go }: ScreenProps): JSX.Element {
  return (
    <Shown title="Contacts" left={['Today', () => go({ at: 'today' })]} right={['Find', () => go({ at: 'find' })]}>
      {state.contacts.length === 0 && <p class="soft">No contacts yet: Find looks into the directory.</p>}
      <ul class="contact-list">
        {state.contacts.map(({ uri }) => (
          <li key={uri}>
            <button type="button" class="contact" onClick={() => go({ at: 'conversation', with: uri })}>
              <ContactLine state={state} uri={uri} />
              {state.unread.includes(uri) && <strong>new</strong>}
            </button>
          </li>
        ))}
      </ul>
    </Shown>
  )
}

function Conversation({ phone, state, go, uri }: ScreenProps & { readonly uri: string }): JSX.Element {
  if (state.unread.includes(uri)) queueMicrotask(() => phone.read(uri))
  return (
    <Shown
      title={nameOf(state, uri)}
      left={['Contacts', () => go({ at: 'contacts' })]}
      right={['Menu', () => go({ at: 'menu', with: uri })]}
    >
      <Talk state={state} uri={uri} />
      <Compose phone={phone} to={uri} />
    </Shown>
  )
}

function Menu({ phone, state, go, uri }: ScreenProps & { readonly uri: string }): JSX.Element {
  const name = nameOf(state, uri)
  const isContact = state.contacts.some((each) => each.uri === uri)
  const back = (): void => go({ at: 'conversation', with: uri })
  const choices: readonly (readonly [word: string, act: () => void])[] = [
    isContact
      ? [`Remove ${name} from contacts`, () => void phone.removeContact(uri).then(back)]
      : [`Add ${name} to contacts`, () => void phone.addContact({ uri, name }).then(back)],
    [`Call ${name}`, () => void phone.call(uri).then(back)],
    ['I am busy', () => void phone.setPresence({ open: true, note: 'Busy' }).then(back)],
    ['I am online', () => void phone.setPresence({ open: true, note: '' }).then(back)],
    [
      'End conversation',
      () => {
        phone.end(uri)
        go({ at: 'today' })
      },
    ],
  ]
  return (
    <Shown title={`${name}: menu`} right={['Back', back]}>
      <p>
        <ContactLine state={state} uri={uri} />
      </p>
      <ul class="contact-list">
        {choices.map(([word, act]) => (
          <li key={word}>
            <button type="button" class="contact" onClick={act}>
              {word}
            </button>
          </li>
        ))}
      </ul>
      {state.complaint !== undefined && <p class="notice bad">{state.complaint}</p>}
    </Shown>
  )
}
