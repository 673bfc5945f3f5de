/** The fields of a sign-in, the same in both skins. */
import type { JSX } from 'preact'
import type { SignInForm } from './sign-in.ts'

interface FieldProps {
  readonly form: SignInForm
}

export function Address({ form }: FieldProps): JSX.Element {
  return (
    <label class="field">
      Sign-in address
      <input value={form.uri} onInput={({ currentTarget }) => form.setUri(currentTarget.value)} />
    </label>
  )
}

export function Password({ form }: FieldProps): JSX.Element {
  return (
    <label class="field">
      Password
      <input
        type="password"
        autocomplete="off"
        value={form.password}
        onInput={({ currentTarget }) => form.setPassword(currentTarget.value)}
      />
    </label>
  )
}

export function Way({ form }: FieldProps): JSX.Element {
  if (form.way === undefined) return <p class="notice warn">No server of this lab takes SIP over WebSocket.</p>
  return (
    <label class="field">
      Server
      <select value={form.way.address} onChange={({ currentTarget }) => form.setWay(currentTarget.value)}>
        {form.ways.map(({ address, from, host, port }) => (
          <option key={address} value={address}>
            {from}: {host}:{port}
          </option>
        ))}
      </select>
    </label>
  )
}
