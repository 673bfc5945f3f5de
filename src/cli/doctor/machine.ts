/** What a lab needs of the machine: addresses, ports, a network, files, memory, a folder to write to. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, freemem } from 'node:os'
import { LabError } from '../../lab/lab-error.ts'
import { reserveNetwork } from '../../lab/network.ts'
import { placementOf, planLab } from '../../topology/plan.ts'
import type { Topology } from '../../topology/topology.ts'
import type { Finding, Platform } from './finding.ts'

const wantedNode = [24, 17] as const
/** A node with a few hundred phones holds about as many sockets; below this a crowd fails first. */
const wantedFiles = 4096
const megabytesOfANode = 90

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const fits = major > wantedNode[0] || (major === wantedNode[0] && minor >= wantedNode[1])
  return {
    about: 'Node.js',
    state: fits ? 'ok' : 'failed',
    found: version,
    concerns: `siplab runs on ${wantedNode.join('.')} or later; npm ci installs it in a clone`,
    ...(fits ? {} : { fix: 'npm ci' }),
  }
}

/** Every node has an address of its own in 127.0.N.0/24; macOS gives out 127.0.0.1 alone. */
export async function loopbackFinding(platform: Platform, topology: Topology): Promise<Finding> {
  const plan = planLab(topology, { addressing: 'loopback' })
  const address = plan.nodes[0]?.faces[0]?.address ?? '127.0.41.2'
  const code = await whyNotBound(address, 0)
  const about = 'loopback addresses'
  const concerns = 'each node of a lab listens on an address of its own, 127.0.N.x'
  // A port that is taken proves that the address is there.
  if (code === undefined) return { about, state: 'ok', found: `${address} can be used`, concerns }
  const all = [
    ...new Set(plan.nodes.flatMap(({ faces }) => faces.flatMap(({ addresses }) => Object.values(addresses)))),
  ]
  const numbers = [1, ...all.map((each) => Number(each.split('.').at(-1)))].toSorted((one, other) => one - other)
  const alias = `for n in ${numbers.join(' ')}; do sudo ifconfig lo0 alias 127.0.${plan.network}.$n; done`
  const found = `${address} cannot be used (${code})`
  return { about, state: 'failed', found, concerns, ...(platform === 'macos' ? { fix: alias } : {}) }
}

/** Which 127.0.N.0/24 the next `siplab up` would get. */
export async function networkFinding(topology: Topology): Promise<Finding> {
  const about = 'network'
  const concerns = `the 127.0.N.0/24 that siplab up ${topology.name} would take next`
  const listeners = (network: number) =>
    planLab(topology, { network, addressing: 'loopback' }).nodes.flatMap(({ name, listeners: own }) =>
      own.map(({ address, port, transport }) => ({ node: name, address, port, transport })),
    )
  try {
    const { network, passedOver, release } = await reserveNetwork({
      fixed: undefined,
      first: placementOf(topology, {}).network,
      listeners,
    })
    await release()
    const found = `127.0.${network}.0/24 is free`
    return { about, state: 'ok', found: passedOver === undefined ? found : `${found}; ${passedOver}`, concerns }
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return { about, state: 'failed', found: error.message, concerns, fix: 'siplab down' }
  }
}

/** DNS on 53 and TLS on 443 need a right that most users lack; a lab has other ports for both. */
export async function lowPortsFinding(platform: Platform, topology: Topology): Promise<Finding> {
  const address = planLab(topology, { addressing: 'loopback' }).nodes[0]?.faces[0]?.address ?? '127.0.41.2'
  const code = await whyNotBound(address, 53)
  const about = 'ports below 1024'
  const concerns = 'DNS on 53, the edge on 443: for phones whose DNS port cannot be set (docs/your-own.md)'
  if (code === undefined || code === 'EADDRINUSE')
    return { about, state: 'ok', found: 'allowed: siplab up --port dns=53 --port edge=443', concerns }
  const fix =
    platform === 'linux' || platform === 'wsl' ? 'sudo sysctl net.ipv4.ip_unprivileged_port_start=53' : undefined
  const found = `not allowed (${code}); the lab uses 10053 and 10443`
  return { about, state: 'note', found, concerns, ...(fix === undefined ? {} : { fix }) }
}

/** Soft limit of open files; undefined where the system does not say. */
export function filesFinding(limits: string | undefined): Finding {
  const about = 'open files'
  const concerns = 'each connection of a node needs one descriptor; many phones need many'
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits ?? '')?.[1]
  if (soft === undefined) return { about, state: 'note', found: 'this system does not say', concerns, fix: 'ulimit -n' }
  const isEnough = soft === 'unlimited' || Number(soft) >= wantedFiles
  const found = `at most ${soft} a process`
  return {
    about,
    state: isEnough ? 'ok' : 'note',
    found,
    concerns,
    ...(isEnough ? {} : { fix: `ulimit -n ${wantedFiles}` }),
  }
}

export function memoryFinding(topology: Topology, freeOctets = available(), cores = availableParallelism()): Finding {
  const { nodes } = planLab(topology)
  const wanted = nodes.length * megabytesOfANode
  const free = Math.round(freeOctets / 1e6)
  return {
    about: 'memory and cores',
    state: free >= wanted ? 'ok' : 'note',
    found: `${free} MB free, ${cores} cores`,
    concerns: `${topology.name} is ${nodes.length} processes, together about ${wanted} MB`,
    ...(free >= wanted ? {} : { fix: 'siplab up standard' }),
  }
}

export function folderFinding(folder: string): Finding {
  const about = 'working folder'
  const concerns = 'the lab keeps certificates, stores and logs below .siplab'
  try {
    accessSync(folder, constants.W_OK)
    return { about, state: 'ok', found: `${folder} can be written`, concerns }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return {
      about,
      state: 'failed',
      found: `${folder} cannot be written (${code})`,
      concerns,
      fix: 'siplab up --data DIR',
    }
  }
}

/** What is known of the platform as a whole. */
export function platformFinding(platform: Platform): Finding {
  const about = 'system'
  const concerns = 'siplab is developed and tested on Linux'
  switch (platform) {
    case 'linux':
      return { about, state: 'ok', found: 'Linux', concerns }
    case 'wsl':
      return {
        about,
        state: 'note',
        found: 'Linux in WSL: the lab runs; programs of Windows reach 127.0.N.x only where WSL mirrors the network',
        concerns: `${concerns}; WSL was not tried`,
        fix: 'networkingMode=mirrored below [wsl2] in %UserProfile%\\.wslconfig, then wsl --shutdown',
      }
    case 'macos':
      return {
        about,
        state: 'note',
        found: 'macOS: 127.0.0.1 is its only loopback address until others are added, after each start of the machine',
        concerns: `${concerns}; macOS was not tried: the lab in containers is the safe way`,
        fix: 'docker compose up --detach',
      }
    case 'other':
      return {
        about,
        state: 'note',
        found: process.platform,
        concerns: `${concerns}; this system was not tried: use containers, or WSL on Windows`,
        fix: 'docker compose up --detach',
      }
    default:
      return platform satisfies never
  }
}

/** @returns the error code, e.g. `EADDRNOTAVAIL`; undefined when it can listen there */
function whyNotBound(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

/** What a new process can have: `MemAvailable` of Linux; what is free, elsewhere. */
function available(): number {
  const file = '/proc/meminfo'
  const kilobytes = existsSync(file) ? /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024
}
