/** The drawing of the map. Every node and link is a button: with a name for a screen reader, and reached by Tab. */
import type { JSX } from 'preact'
import type { Registration, StatusNode, TimelineEntry } from '../documents.ts'
import { leftText, signOf, toneOfLeft, toneOfState } from '../words.ts'
import { layoutOf, type PlacedNode } from './layout.ts'
import { lineBetween, type MapLink, type MapProps } from './links.ts'

interface PictureProps extends MapProps {
  readonly links: readonly MapLink[]
  readonly ends: readonly TimelineEntry[]
  readonly registrations: readonly Registration[]
  readonly upright: boolean
  readonly selected: string | undefined
  readonly select: (at: string | undefined) => void
}

export function Picture(props: PictureProps): JSX.Element {
  const { plan, live, links, upright, selected, select } = props
  const { width, height, zones, nodes } = layoutOf(plan, upright)
  const at = (name: string): PlacedNode | undefined => nodes.find(({ node }) => node.name === name)
  return (
    <div class="picture">
      <svg viewBox={`0 0 ${width} ${height}`} style={{ maxWidth: `${width * 1.9}px` }} class={upright ? 'upright' : ''}>
        <title>{`${live.lab}: ${plan.about}`}</title>
        <defs>
          {(['good', 'bad', 'calm'] as const).map((tone) => (
            <marker
              key={tone}
              id={`head-${tone}`}
              viewBox="0 0 10 10"
              refX="9"
              refY="5"
              markerWidth="7"
              markerHeight="7"
              orient="auto"
            >
              <path d="M0 0L10 5L0 10z" class={`head ${tone}`} />
            </marker>
          ))}
        </defs>
        {zones.map(({ title, kind, ...box }) => (
          <g key={title}>
            <rect {...box} rx="12" class={`zone ${kind}`} />
            <text x={box.x + 14} y={box.y + 21} class="zone-title">
              {title}
            </text>
          </g>
        ))}
        {links.map((link) => (
          <LinkArrow
            key={link.id}
            link={link}
            from={at(link.from)}
            to={at(link.to)}
            isSelected={selected === link.id}
            select={() => select(link.id)}
            fault={live.faults.find(({ target }) => target === link.id)?.fault}
          />
        ))}
        {nodes.map((placed) => (
          <NodeCard key={placed.node.name} placed={placed} {...props} />
        ))}
      </svg>
    </div>
  )
}

/** A button inside a drawing. */
function asButton(label: string, isSelected: boolean, press: () => void): JSX.SVGAttributes<SVGGElement> {
  return {
    role: 'button',
    tabIndex: 0,
    'aria-label': label,
    'aria-pressed': isSelected,
    onClick: press,
    onKeyDown: (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      press()
    },
  }
}

interface ArrowProps {
  readonly link: MapLink
  readonly from: PlacedNode | undefined
  readonly to: PlacedNode | undefined
  readonly isSelected: boolean
  readonly select: () => void
  readonly fault: string | undefined
}

function LinkArrow({ link, from, to, isSelected, select, fault }: ArrowProps): JSX.Element | null {
  if (from === undefined || to === undefined) return null
  const { path, x, y } = lineBetween(from, to)
  const tone = link.state === 'up' ? 'good' : link.state === 'down' ? 'bad' : 'calm'
  const verdict = link.link.verdict?.code
  const label =
    `Link ${link.from} to ${link.to}: ${link.state}` +
    `${verdict === undefined ? '' : `, ${verdict}`}${fault === undefined ? '' : `, fault ${fault}`}`
  return (
    <g class={`link ${tone}${isSelected ? ' selected' : ''}`} {...asButton(label, isSelected, select)}>
      <path d={path} class="target" />
      <path d={path} class="line" marker-end={`url(#head-${tone})`} />
      <circle cx={x} cy={y} r="9" class="dot" />
      <text x={x} y={y + 4.5} class="sign">
        {fault === undefined ? signOf[tone] : '⚡'}
      </text>
    </g>
  )
}

function NodeCard({
  placed: { node, x, y, width, height },
  live,
  ends,
  registrations,
  selected,
  select,
}: PictureProps & { readonly placed: PlacedNode }): JSX.Element {
  const seen = live.nodes.find(({ name }) => name === node.name)
  // No process of the lab: what is known of it is how its links fare.
  const state = seen?.state ?? (node.role === 'foreign' ? 'not ours' : 'unknown')
  const tone = toneOfState(state)
  const faults = live.faults.filter(({ target }) => target === node.name)
  const phones = registrations.filter((each) => each.node === node.name)
  const end = soonestEnd(node.name, ends)
  const isSelected = selected === node.name
  const role = node.role.replace('-', ' ')
  const last = faults.length > 0 ? faultText(faults) : (phonesText(phones) ?? reasonOf(seen) ?? '')
  // What is written on the card, in its order.
  const label = [node.name, role, `${signOf[tone]} ${state}`, end?.text, last].filter(Boolean).join(' ')
  return (
    <g class={`node ${tone}${isSelected ? ' selected' : ''}`} {...asButton(label, isSelected, () => select(node.name))}>
      <rect {...{ x, y, width, height }} rx="9" class="card" />
      <rect x={x} y={y} width="5" height={height} rx="2.5" class="edge" />
      <text x={x + 16} y={y + 25} class="name">
        {node.name}
      </text>{' '}
      <text x={x + 16} y={y + 42} class="soft">
        {role}
      </text>{' '}
      <text x={x + width - 12} y={y + 25} class={`is ${tone}`}>
        {`${signOf[tone]} ${state}`}
      </text>{' '}
      {end !== undefined && (
        <text x={x + 16} y={y + 65} class={`left ${end.tone}`}>
          {`${end.text} `}
        </text>
      )}
      <text x={x + 16} y={y + height - 19} class={faults.length > 0 ? 'left warn' : 'soft'}>
        {last}
      </text>
    </g>
  )
}

function soonestEnd(
  node: string,
  ends: readonly TimelineEntry[],
): { readonly text: string; readonly tone: string } | undefined {
  const used = ends.filter((each) => each.kind === 'certificate' && each.node === node && each.references.length > 0)
  const [first] = used.toSorted((one, other) => one.secondsLeft - other.secondsLeft)
  if (first === undefined) return undefined
  const tone = toneOfLeft(first.secondsLeft, first.warnsAt, Date.now())
  const left = leftText(first.secondsLeft)
  if (tone === 'bad') return { text: `${signOf.bad} cert. ${left}`, tone }
  return { text: `${tone === 'good' ? '' : `${signOf[tone]} `}certificate: ${left} left`, tone }
}

function faultText(faults: readonly { readonly fault: string }[]): string | undefined {
  return faults.length === 0 ? undefined : `⚡ ${faults.map(({ fault }) => fault).join(', ')}`
}

function phonesText(phones: readonly Registration[]): string | undefined {
  if (phones.length === 0) return undefined
  const names = [...new Set(phones.map(({ aor }) => aor.replace(/^sips?:/, '').replace(/@.*$/, '')))]
  return names.length > 3 ? `☎ ${names.length} phones` : `☎ ${names.join(', ')}`
}

function reasonOf(seen: StatusNode | undefined): string | undefined {
  return seen?.verdict?.code
}
