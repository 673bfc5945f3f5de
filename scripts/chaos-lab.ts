/** A lab of its own for scripts that kill what runs in it: its processes by name, and a way to bring one back. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { controlClient } from '../src/lab/control-client.ts'
import { labFolder } from '../src/lab/lab-folder.ts'
import type { ReadyDocument } from '../src/lab/ready-document.ts'
import { supervisorClient } from '../src/lab/supervisor-control.ts'
import type { Registration } from '../src/node/control/control-api.ts'
import { nodeFolder } from '../src/node/control/node-folder.ts'

export interface ChaosLab {
  readonly ready: ReadyDocument
  readonly data: string
  /** With SIGKILL: nothing is said, nothing is written. */
  kill(node: string): void
  /** As `siplab node stop`: in order. */
  stop(node: string): Promise<unknown>
  start(node: string): Promise<unknown>
  registrations(): Promise<readonly Registration[]>
  /** Brings it down and removes its folder. */
  end(): Promise<void>
}

/** @throws Error when the lab does not come up */
export async function chaosLab(topology: string): Promise<ChaosLab> {
  const data = mkdtempSync(join(tmpdir(), 'siplab-chaos-'))
  const pids = new Map<string, number>()
  const child = spawn(
    process.execPath,
    [resolve(import.meta.dirname, '../src/cli/siplab.mjs'), 'up', topology, '--supervised', '--json', '--data', data],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const first = Promise.withResolvers<ReadyDocument>()
  const ended = new Promise<void>((done) =>
    child.once('exit', (status) => {
      first.reject(new Error(`siplab up ${topology} ended with ${status}`))
      done()
    }),
  )
  createInterface(child.stdout).on('line', (line) => {
    const news = JSON.parse(line) as
      | ReadyDocument
      | { readonly event: string; readonly node?: string; readonly pid?: number }
    if ('nodes' in news) {
      for (const { name, pid } of news.nodes) if (pid !== undefined) pids.set(name, pid)
      first.resolve(news)
    } else if (news.event === 'node-ready' && news.node !== undefined && news.pid !== undefined)
      pids.set(news.node, news.pid)
  })
  return {
    ready: await first.promise,
    data,
    kill(node) {
      const pid = pids.get(node)
      if (pid === undefined) throw new Error(`no process of ${node}`)
      process.kill(pid, 'SIGKILL')
    },
    stop: (node) => supervisorClient(labFolder(data)).post('/node-stop', { node }),
    start: (node) => supervisorClient(labFolder(data)).post('/node-start', { node }),
    registrations: () => controlClient('fe1', nodeFolder(data, 'fe1')).get<readonly Registration[]>('/registrations'),
    async end() {
      child.kill('SIGINT')
      await ended
      rmSync(data, { recursive: true, force: true })
    },
  }
}
