/** The files for a dashboard to begin with, held against what the pages really serve. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { checkReport, type Step } from '../../src/check/index.ts'
import { checkMetrics } from '../../src/metrics/check-metrics.ts'
import type { Metric } from '../../src/metrics/exposition.ts'
import { labMetrics } from '../../src/metrics/lab-metrics.ts'
import { verdict } from '../../src/verdicts/codes.ts'

const root = new URL('../../', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8')

const at = Date.UTC(2026, 10, 29)
const step = (id: string, more: Partial<Step>): Step => ({
  ...{ id, title: id, outcome: 'ok', code: 'ok', sentence: 'well', evidence: {}, ms: 1, steps: [] },
  ...more,
})
const days = [new Date(at + 86_400_000).toISOString()]
const report = checkReport(
  'sbc:5061',
  'sbc',
  new Date(at),
  [
    step('tls', { evidence: { handshakeMs: 12.5 } }),
    step('certificate', { evidence: { path: ['CN=sbc'], pathUntil: days } }),
    step('sip', { steps: [step('sip.options', { ms: 40 })] }),
  ],
  verdict('cert.expired'),
  80,
)
const dates = { notBefore: '', notAfter: '', warnsAt: '', secondsLeft: 1 }
const lists = { references: [], listeners: [], links: [], stops: [], lifetimes: [] }
const lab = labMetrics({
  status: {
    lab: 'edge',
    running: true,
    nodes: [
      {
        name: 'fe1',
        role: 'front-end',
        state: 'ready',
        status: { links: [{ peer: 'pool.lab.test', state: 'up', since: '' }], refusals: { 'route.abuse': 1 } },
      },
    ],
    links: [{ link: 'director->fe1', since: '', verdict: verdict('link.cut') }],
    faults: [{ target: 'fe1', fault: 'expired', since: '' }],
  },
  certificates: [{ kind: 'certificate', node: 'fe1', name: 'fe1-listener', ...dates, ...lists }],
  counters: { fe1: { flows: 1 } },
})
const served = new Map<string, ReadonlySet<string>>(
  [...checkMetrics([{ target: 'sbc:5061', report }], at), ...lab].map(({ name, samples }: Metric) => [
    name,
    new Set(Object.keys(samples[0]?.labels ?? {})),
  ]),
)

/** Every value of a key, however deep. */
function valuesOf(value: unknown, key: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [...(name === key ? [inner] : []), ...valuesOf(inner, key)])
}

/** Names of metrics in a query of Prometheus. */
function metricsIn(query: string): readonly string[] {
  return query.match(/\bsiplab_[a-z_]+/g) ?? []
}

/** Labels that a query or a legend names: `{target="a"}`, `by (target)`, `{{target}}`. */
function labelsIn(text: string): readonly string[] {
  const selected = [...text.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label)
  const grouped = [...text.matchAll(/\b(?:by|without)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(/\s*,\s*/),
  )
  const shown = [...text.matchAll(/\{\{\s*([a-z_]+)\s*\}\}/g)].map(([, label = '']) => label)
  return [...selected, ...grouped, ...shown].filter((label) => label !== '')
}

interface Target {
  readonly expr: string
  readonly legendFormat?: string
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  /** A row, which only heads others, has none. */
  readonly targets?: readonly Target[]
}

t.test('the Grafana dashboard', async (t) => {
  const dashboard = JSON.parse(read('examples/dashboards/grafana.json')) as {
    readonly title: string
    readonly schemaVersion: number
    readonly panels: readonly Panel[]
    readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] }
  }

  t.test('asks in every query for a metric that /metrics serves, by labels that it has', async (t) => {
    t.ok(dashboard.panels.every(({ type, targets = [] }) => type === 'row' || targets.length > 0))
    for (const { title, targets = [] } of dashboard.panels)
      for (const { expr, legendFormat = '' } of targets) {
        const names = metricsIn(expr)
        t.ok(names.length > 0, `${title}: ${expr} asks for a metric`)
        for (const name of names) t.ok(served.has(name), `${title}: ${name} is served`)
        for (const label of labelsIn(`${expr} ${legendFormat}`))
          t.ok(
            names.some((name) => served.get(name)?.has(label) === true),
            `${title}: ${label} is a label of ${names.join(', ')}`,
          )
      }
  })

  t.test('has panels with ids of their own that do not lie on each other', async (t) => {
    const ids = dashboard.panels.map(({ id }) => id)
    t.equal(new Set(ids).size, ids.length)
    for (const { title, gridPos: a } of dashboard.panels) {
      t.ok(a.x >= 0 && a.w > 0 && a.x + a.w <= 24, `${title} is on the grid of 24 columns`)
      for (const { title: other, gridPos: b } of dashboard.panels)
        if (other !== title)
          t.ok(
            a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y,
            `${title} is beside ${other}`,
          )
    }
  })

  t.test('takes every datasource from its variable, so that it can be imported anywhere', async (t) => {
    t.match(dashboard, { schemaVersion: Number, templating: { list: [{ name: 'datasource', type: 'datasource' }] } })
    const sources = dashboard.panels.flatMap((panel) => valuesOf(panel, 'datasource'))
    t.ok(sources.length > 0)
    for (const source of sources) t.strictSame(source, { type: 'prometheus', uid: '${datasource}' })
  })
})

t.test('the alerts ask for metrics that /metrics serves', async (t) => {
  const rules = valuesOf(parse(read('examples/dashboards/siplab-alerts.yml')), 'expr').map(String)
  t.ok(rules.length > 0)
  for (const rule of rules) for (const name of metricsIn(rule)) t.ok(served.has(name), `${rule}: ${name} is served`)
})

t.test('every metric that docs/dashboards.md names is served', async (t) => {
  const named = new Set([...read('docs/dashboards.md').matchAll(/`(siplab_[a-z_]+)`/g)].map(([, name = '']) => name))
  t.ok(named.size > 10)
  for (const name of named) t.ok(served.has(name), name)
})
