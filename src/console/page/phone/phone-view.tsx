/** The phone: two clients side by side, each with an account of its own, over WSS to the lab. */
import type { JSX } from 'preact'
import type { PlanDocument } from '../documents.ts'
import { useDocument } from '../loading.ts'
import { Failed } from '../parts/problem.tsx'
import { session } from '../session.ts'
import { useStore } from '../store.ts'
import { PhoneModel } from './phone-model.ts'
import { DesktopSkin } from './desktop-skin.tsx'
import { MobileSkin } from './mobile-skin.tsx'
import { TroubleCard } from './trouble-card.tsx'

/** They stay signed in while another view is looked at. */
const mobile = new PhoneModel()
const desktop = new PhoneModel()

export function PhoneView(): JSX.Element {
  const plan = useDocument<PlanDocument>('/api/plan')
  const about = useStore(session)
  if (plan.state.kind === 'failed') return <Failed failure={plan.state.failure} />
  if (plan.state.kind === 'loading' || about === undefined) return <p class="loading">Looking for ways in…</p>
  if (about.readOnly)
    return (
      <p class="empty">
        This console changes nothing (--read-only). To sign in from a terminal: siplab phone --as USER
      </p>
    )
  return (
    <div class="view">
      <h1>Phone</h1>
      {about.lab.includes('compose') && <Containers />}
      <div class="phones">
        <MobileSkin phone={mobile} plan={plan.state.document} />
        <DesktopSkin phone={desktop} plan={plan.state.document} />
      </div>
      <Troubles />
    </div>
  )
}

const command =
  'PASSWORD=alice-2005 siplab phone --uri sip:alice@lab.test --server sip.lab.test:10443 --address 127.0.0.1 ' +
  '--ca public-root.pem --password-env PASSWORD'

/** Names and addresses of a container network belong to the containers. */
function Containers(): JSX.Element {
  return (
    <p class="notice warn">
      This page reaches a container lab only where its names lead to ports of this machine (docs/containers.md). From a
      terminal: <code>{command}</code>
    </p>
  )
}

function Troubles(): JSX.Element {
  const all = [useStore(mobile.state).trouble, useStore(desktop.state).trouble]
  return (
    <>
      {all.map(
        (trouble, at) =>
          trouble !== undefined && <TroubleCard key={at === 0 ? 'mobile' : 'desktop'} trouble={trouble} />,
      )}
    </>
  )
}
