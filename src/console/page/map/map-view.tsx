/** The map: the lab in its zones, what each node and link is doing, and what can be broken and healed. */
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { PlanDocument, Registration, StatusDocument, TimelineDocument } from '../documents.ts'
import { status } from '../live.ts'
import { useDocument } from '../loading.ts'
import { Failed } from '../parts/problem.tsx'
import { place, go } from '../routes.ts'
import { useStore } from '../store.ts'
import { ForeignPanel } from './foreign-panel.tsx'
import { LinkPanel } from './link-panel.tsx'
import { NodePanel } from './node-panel.tsx'
import { LabPanel } from './lab-panel.tsx'
import { linksOf, type MapProps } from './links.ts'
import { Picture } from './picture.tsx'
import { Troubles } from './troubles.tsx'

export function MapView(): JSX.Element {
  const plan = useDocument<PlanDocument>('/api/plan')
  const live = useStore(status)
  if (plan.state.kind === 'failed') return <Failed failure={plan.state.failure} />
  if (plan.state.kind === 'loading' || live === undefined) return <p class="loading">Asking the nodes of the lab…</p>
  if (live.error !== undefined) return <Failed failure={{ code: 'status', message: live.error.message }} />
  return <ShownMap plan={plan.state.document} live={live} />
}

function ShownMap({ plan, live }: MapProps): JSX.Element {
  const { query } = useStore(place)
  const timeline = useDocument<TimelineDocument>(live.running ? '/api/timeline' : undefined)
  const registrations = useRegistrations(live)
  const upright = useNarrow()
  const selected = query['at']
  const select = (at: string | undefined): void => go('map', at === undefined ? {} : { at })
  const ends = timeline.state.kind === 'loaded' ? timeline.state.document.certificates : []
  const links = linksOf(plan, live)
  const node = live.nodes.find(({ name }) => name === selected)
  const foreign = plan.foreign.find(({ name }) => name === selected)
  const link = links.find(({ id }) => id === selected)
  useCertificateNews(live, timeline.again)
  return (
    <div class="map-view">
      <h1 class="unseen">Map of {live.lab}</h1>
      <div>
        <Picture {...{ plan, live, links, ends, registrations, upright, selected, select }} />
        <Troubles />
      </div>
      <aside class="panel" aria-label="Details">
        {node !== undefined ? (
          <NodePanel {...{ node, live, ends, registrations }} key={node.name} />
        ) : foreign !== undefined ? (
          <ForeignPanel {...{ server: foreign, links, select }} />
        ) : link !== undefined ? (
          <LinkPanel {...{ link, links, live }} key={link.id} />
        ) : (
          <LabPanel {...{ plan, live, links, registrations, select }} />
        )}
      </aside>
    </div>
  )
}

/** Asked again when a node counts another number of them. */
function useRegistrations(live: StatusDocument): readonly Registration[] {
  const count = live.nodes.map((node) => node.status?.registrations ?? 0).join(' ')
  const asked = useDocument<readonly Registration[]>(live.running ? '/api/registrations' : undefined)
  const [seen, setSeen] = useState(count)
  useEffect(() => {
    if (seen === count) return
    setSeen(count)
    asked.again()
  }, [count, seen, asked.again])
  return asked.state.kind === 'loaded' ? asked.state.document : []
}

/** Another serial on a listener: another certificate, another end. */
function useCertificateNews(live: StatusDocument, again: () => void): void {
  const serials = live.nodes.flatMap((node) => node.status?.listeners.map(({ serial }) => serial) ?? []).join(' ')
  const [seen, setSeen] = useState(serials)
  useEffect(() => {
    if (seen === serials) return
    setSeen(serials)
    again()
  }, [serials, seen, again])
}

const narrow = matchMedia('(max-width: 760px)')

function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(narrow.matches)
  useEffect(() => {
    const look = (): void => setNarrow(narrow.matches)
    narrow.addEventListener('change', look)
    return () => narrow.removeEventListener('change', look)
  }, [])
  return isNarrow
}
