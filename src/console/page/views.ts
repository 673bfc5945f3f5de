/** Every view of the page, in the order of its tabs. */
import type { ComponentType } from 'preact'

export interface ListedView {
  readonly id: string
  readonly title: string
  /** Opens it from anywhere on the page. */
  readonly key: string
  load(): Promise<ComponentType>
}

export const views: readonly ListedView[] = [
  { id: 'map', title: 'Map', key: '1', load: async () => (await import('./map/map-view.tsx')).MapView },
  { id: 'events', title: 'Events', key: '2', load: async () => (await import('./views/events-view.tsx')).EventsView },
  {
    id: 'properties',
    title: 'Properties',
    key: '3',
    load: async () => (await import('./properties/properties-view.tsx')).PropertiesView,
  },
  { id: 'ladder', title: 'Ladder', key: '4', load: async () => (await import('./ladder/ladder-view.tsx')).LadderView },
  {
    id: 'explain',
    title: 'Explain',
    key: '5',
    load: async () => (await import('./views/explain-view.tsx')).ExplainView,
  },
  { id: 'time', title: 'Time', key: '6', load: async () => (await import('./views/time-view.tsx')).TimeView },
  { id: 'check', title: 'Check', key: '7', load: async () => (await import('./views/check-view.tsx')).CheckView },
  {
    id: 'scenarios',
    title: 'Scenarios',
    key: '8',
    load: async () => (await import('./views/scenarios-view.tsx')).ScenariosView,
  },
  { id: 'phone', title: 'Phone', key: '9', load: async () => (await import('./phone/phone-view.tsx')).PhoneView },
]
