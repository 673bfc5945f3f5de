/** The rows in sight as a file, made by `siplab trace --from`; and an earlier trace, opened from one. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { askFile } from '../api.ts'
import type { TraceEntry } from '../documents.ts'
import { failureOf } from '../loading.ts'
import { Problem } from '../parts/problem.tsx'
import type { Row } from './model.ts'

const endings = { pcapng: 'pcapng', html: 'html', text: 'txt' } as const
const mostOctets = 64 * 1024 * 1024

interface ExportsProps {
  readonly rows: readonly Row[]
  readonly open: (entries: readonly TraceEntry[]) => void
}

export function Exports({ rows, open }: ExportsProps): JSX.Element {
  const [failed, setFailed] = useState<string>()
  const save = async (format: keyof typeof endings | 'jsonl'): Promise<void> => {
    setFailed(undefined)
    const input = rows.map(({ entry }) => `${JSON.stringify(entry)}\n`).join('')
    try {
      if (format === 'jsonl') return download(new Blob([input]), 'trace.jsonl')
      const file = await askFile({ method: 'POST', path: `/api/trace/export/${format}`, input })
      download(file, `trace.${endings[format]}`)
    } catch (error) {
      setFailed(failureOf(error).message)
    }
  }
  const read = async (file: File | undefined): Promise<void> => {
    setFailed(undefined)
    if (file === undefined) return
    try {
      if (file.size > mostOctets) throw new Error(`${file.name} is larger than 64 MB`)
      open(entriesOf(await file.text()))
    } catch (error) {
      setFailed(`${file.name} is no trace in JSON lines: ${failureOf(error).message}`)
    }
  }
  return (
    <>
      {(['pcapng', 'html', 'text', 'jsonl'] as const).map((format) => (
        <button type="button" key={format} disabled={rows.length === 0} onClick={() => void save(format)}>
          {format === 'jsonl' ? 'JSON lines' : format}
        </button>
      ))}
      <label class="button">
        Open a trace…
        <input
          type="file"
          class="unseen"
          accept=".jsonl,.json"
          onChange={({ currentTarget }) => void read(currentTarget.files?.[0])}
        />
      </label>
      {failed !== undefined && <Problem message={failed} />}
    </>
  )
}

function entriesOf(text: string): readonly TraceEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const entry = JSON.parse(line) as Partial<TraceEntry>
      if (typeof entry.time !== 'string' || typeof entry.node !== 'string' || typeof entry.kind !== 'string')
        throw new Error('a line has no time, node or kind')
      return entry as TraceEntry
    })
}

function download(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
