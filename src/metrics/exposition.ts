/** Gauges in the text format of Prometheus, written by prom-client. */
import { Gauge, Registry } from 'prom-client'

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Metric {
  /** `siplab_check_ok`; the unit is in the name. */
  readonly name: string
  readonly help: string
  readonly samples: readonly Sample[]
}

export interface Exposition {
  /** `text/plain; version=0.0.4; charset=utf-8` */
  readonly contentType: string
  readonly text: string
}

/** A subject or a name that a peer chose: more of it tells nothing. */
const mostCharacters = 200

/** A metric without samples is left out. */
export async function exposition(metrics: readonly Metric[]): Promise<Exposition> {
  const registry = new Registry()
  for (const { name, help, samples } of metrics) {
    const [first] = samples
    if (first === undefined) continue
    const gauge = new Gauge({ name, help, labelNames: Object.keys(first.labels), registers: [registry] })
    for (const { labels, value } of samples) gauge.set(shortened(labels), value)
  }
  return { contentType: registry.contentType, text: await registry.metrics() }
}

function shortened(labels: Sample['labels']): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value.slice(0, mostCharacters)]))
}
