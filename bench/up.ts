/**
 * What a lab costs to bring up: `node bench/up.ts [TOPOLOGY...] [--json]`. For each topology of `config/`: seconds and
 * processor time from the command until every node is ready, and the memory of each node a moment later. From the
 * bundle (`npm run bundle`), each lab in a new folder.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import type { ReadyDocument } from '../src/lab/ready-document.ts'
import { cpuSeconds, memoryBytes } from './proxy/cpu.ts'

const door = join(import.meta.dirname, '..', 'src', 'cli', 'siplab.mjs')
const topologies = ['standard', 'standard-edge', 'trunk', 'pool', 'edge', 'edge-pool', 'enterprise', 'federation']
/** Until what was only needed for the start is gone, or not. */
const settleMs = 5000

interface NodeMemory {
  readonly name: string
  readonly role: string
  readonly megabytes: number
}

interface Result {
  readonly topology: string
  readonly seconds: number
  readonly cpuSeconds: number
  readonly supervisorMegabytes: number
  readonly nodes: readonly NodeMemory[]
}

async function measure(topology: string): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-up-'))
  const began = performance.now()
  const lab = spawn(process.execPath, [door, 'up', topology, '--data', join(folder, 'lab'), '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const ready = await readyOf(lab, topology)
    const seconds = (performance.now() - began) / 1000
    const cpu = cpuSeconds(lab.pid ?? 0)
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const nodes = ready.nodes.map(({ name, role, pid }) => ({ name, role, megabytes: megabytes(pid ?? 0) }))
    const held = nodes.reduce((sum, node) => sum + node.megabytes, 0)
    return {
      topology,
      seconds: rounded(seconds),
      cpuSeconds: rounded(cpu),
      supervisorMegabytes: rounded(megabytes(lab.pid ?? 0) - held),
      nodes,
    }
  } finally {
    await ended(lab)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @throws Error when a node does not come up: what a broken lab costs says nothing */
async function readyOf(lab: ChildProcess, topology: string): Promise<ReadyDocument> {
  if (lab.stdout === null) throw new Error('the output of siplab up is not read')
  for await (const line of createInterface({ input: lab.stdout })) {
    const document = JSON.parse(line) as ReadyDocument
    if (document.event === 'ready') return document
    throw new Error(`siplab up ${topology}: wanted the event ready, found ${line.slice(0, 200)}`)
  }
  throw new Error(`siplab up ${topology} ended before its nodes were ready`)
}

async function ended(lab: ChildProcess): Promise<void> {
  if (lab.exitCode !== null || lab.signalCode !== null) return
  const exit = once(lab, 'exit')
  lab.kill('SIGTERM')
  await exit
}

/** Proportional set size, so that what processes share counts once. */
function megabytes(pid: number): number {
  return rounded(memoryBytes(pid) / 1024 / 1024)
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
})
const unknown = positionals.filter((name) => !topologies.includes(name))
if (unknown.length > 0) {
  console.error(`bench: wanted topologies of ${topologies.join(', ')}; found ${unknown.join(', ')}`)
  process.exit(2)
}
const results: Result[] = []
const loadBefore = rounded(loadavg()[0] ?? Number.NaN)
for (const topology of positionals.length === 0 ? topologies : positionals) {
  console.error(`${topology} …`)
  results.push(await measure(topology))
}
if (values.json) console.log(JSON.stringify({ processor: cpus()[0]?.model, cores: cpus().length, loadBefore, results }))
else {
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores; load average before ${loadBefore}`)
  for (const { topology, seconds, cpuSeconds: cpu, supervisorMegabytes, nodes } of results) {
    console.log(`${topology.padEnd(14)} ${seconds} s, ${cpu} s of processor time; supervisor ${supervisorMegabytes} MB`)
    for (const { name, role, megabytes: size } of nodes)
      console.log(`  ${name.padEnd(12)} ${role.padEnd(18)} ${size} MB`)
  }
}
