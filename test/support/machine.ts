/** A machine that fails: file systems of a test's own, and what a node says of itself meanwhile. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { controlClient } from '../../src/lab/control-client.ts'
import { readEvents } from '../../src/lab/event-tail.ts'
import type { NodeEvent, NodeStatus, Registration } from '../../src/node/control/control-api.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import type { User } from './attack.ts'
import { ownFolder } from './own-folder.ts'

/**
 * Undefined where mounts are this process's own, else why not: nothing is mounted for the whole machine.
 *
 * `unshare --user --map-root-user --mount node test/alone/machine.test.ts`
 */
export function noOwnMounts(): string | undefined {
  const [first = ''] = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n')
  const [, , count = ''] = first.trim().split(/\s+/)
  return count === '1' ? undefined : 'not in a user namespace of its own: unshare --user --map-root-user --mount'
}

/** @returns its folder; it goes with the test */
export function ownFileSystem(t: Test, megabytes: number): string {
  const folder = join(ownFolder(t), 'disk')
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  t.teardown(() => execFileSync('umount', ['--lazy', folder]))
  return folder
}

/** Makes everything below a path read-only for whoever opens it from now on. @returns what ends that */
export function mountReadOnly(folder: string): () => void {
  execFileSync('mount', ['--bind', folder, folder])
  execFileSync('mount', ['-o', 'remount,bind,ro', folder])
  return () => void execFileSync('umount', [folder])
}

/** Leaves not one octet free. @returns what makes room again */
export function fillUp(folder: string): () => void {
  const file = join(folder, 'filler')
  const descriptor = openSync(file, 'w')
  for (let size = 1024 * 1024; size >= 1; size = size === 1 ? 0 : Math.floor(size / 16)) {
    while (size >= 1 && hasRoomFor(descriptor, size));
    if (size < 16) break
  }
  closeSync(descriptor)
  return () => rmSync(file)
}

function hasRoomFor(descriptor: number, octets: number): boolean {
  try {
    return writeSync(descriptor, Buffer.alloc(octets)) === octets
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}

/** By its control socket. */
export function statusOf(data: string, node: string): Promise<NodeStatus> {
  return controlClient(node, nodeFolder(data, node)).get<NodeStatus>('/status')
}

export function eventsOf(data: string, node: string): readonly NodeEvent[] {
  return readEvents(nodeFolder(data, node).events)
}

/** Every Contact that the node has of a user. */
export async function contactsOf(data: string, node: string, uri: string): Promise<readonly string[]> {
  const all = await controlClient(node, nodeFolder(data, node)).get<readonly Registration[]>('/registrations')
  return all.filter(({ aor }) => aor === uri).map(({ contact }) => contact)
}

export interface SignIn {
  readonly status: number
  /** Differs each time: what is stored shows which one was kept. */
  readonly contact: string
}

let signIns = 0

export async function signIn(user: User): Promise<SignIn> {
  const contact = `${user.contact};n=${++signIns}`
  const { status } = await user.prove(
    {
      method: 'REGISTER',
      uri: 'sip:lab.test',
      from: user.uri,
      to: user.uri,
      contact,
      headers: ['Expires: 600'],
    },
    user.login,
    user.password,
  )
  return { status, contact }
}
