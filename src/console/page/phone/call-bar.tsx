/** The call that is on, with what can be done about it: the same in both skins. */
import type { JSX } from 'preact'
import { type PhoneModel, type PhoneState, nameOf } from './phone-model.ts'

interface CallProps {
  readonly phone: PhoneModel
  readonly state: PhoneState
}

export function CallBar({ phone, state }: CallProps): JSX.Element | undefined {
  const { call, callEnded } = state
  if (call === undefined && callEnded === undefined) return undefined
  if (call === undefined)
    return (
      <div class="call-bar" role="status">
        <span>Call ended: {callEnded}</span>
        <button type="button" class="quiet" onClick={() => phone.forgetCall()}>
          OK
        </button>
      </div>
    )
  const rings = call.state === 'ringing' && call.direction === 'incoming'
  return (
    <div class="call-bar" role={rings ? 'alert' : 'status'}>
      <span>
        ☎ {nameOf(state, call.uri)}: {wordOf(call)}
      </span>
      {rings && (
        <button type="button" class="main" onClick={() => void phone.answer()}>
          Answer
        </button>
      )}
      <button type="button" onClick={() => void phone.hangUp()}>
        {rings ? 'Decline' : 'Hang up'}
      </button>
    </div>
  )
}

function wordOf({ state, direction, since }: NonNullable<PhoneState['call']>): string {
  if (state === 'ringing') return direction === 'incoming' ? 'calls' : 'ringing…'
  return `in a call since ${new Date(since ?? 0).toTimeString().slice(0, 5)}, without media`
}

export function CallButton({ phone, state, uri }: CallProps & { readonly uri: string }): JSX.Element {
  return (
    <button type="button" disabled={state.call !== undefined} onClick={() => void phone.call(uri)}>
      Call {nameOf(state, uri)}
    </button>
  )
}
