/** The call that is on, with what can be done about it: the same in both skins. */
import type { JSX } from 'preact'
import { type Desk, type DeskState, nameOf } from './desk.ts'

interface CallProps {
  readonly desk: Desk
  readonly state: DeskState
}

export function CallBar({ desk, state }: CallProps): JSX.Element | undefined {
  const { call, callEnded } = state
  if (call === undefined && callEnded === undefined) return undefined
  if (call === undefined)
    return (
      <div class="call-bar" role="status">
        <span>Call ended: {callEnded}</span>
        <button type="button" class="quiet" onClick={() => desk.forgetCall()}>
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
        <button type="button" class="main" onClick={() => void desk.answer()}>
          Answer
        </button>
      )}
      <button type="button" onClick={() => void desk.hangUp()}>
        {rings ? 'Decline' : 'Hang up'}
      </button>
    </div>
  )
}

function wordOf({ state, direction, since }: NonNullable<DeskState['call']>): string {
  if (state === 'ringing') return direction === 'incoming' ? 'calls' : 'ringing…'
  return `in a call since ${new Date(since ?? 0).toTimeString().slice(0, 5)}, without media`
}

export function CallButton({ desk, state, uri }: CallProps & { readonly uri: string }): JSX.Element {
  return (
    <button type="button" disabled={state.call !== undefined} onClick={() => void desk.call(uri)}>
      Call {nameOf(state, uri)}
    </button>
  )
}
