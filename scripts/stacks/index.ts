/** The foreign stacks: how each is made to accept, and to dial, with given files. Each is strict about its peer. */
import { phones } from './phones.ts'
import { findProgram } from './program.ts'
import { haproxy, kamailio, nginx, stunnel } from './proxies.ts'
import { erlang, go, java, node, python } from './scripted.ts'
import type { Program, Stack } from './stack.ts'
import { gnutls, nss, openssl } from './tools.ts'

export const stacks = [
  openssl,
  gnutls,
  nss,
  node,
  go,
  python,
  java,
  kamailio,
  haproxy,
  nginx,
  stunnel,
  erlang,
] as const satisfies readonly Stack[]

/** Those that are installed; the others with the reason. */
export function installed<Each extends Program>(
  programs: readonly Each[],
): {
  readonly there: readonly Each[]
  readonly missing: readonly { readonly name: string; readonly why: string }[]
} {
  const lacking = ({ needs }: Program): string | undefined => needs.find((name) => findProgram(name) === undefined)
  return {
    there: programs.filter((each) => lacking(each) === undefined),
    missing: programs.flatMap((each) => {
      const program = lacking(each)
      return program === undefined ? [] : [{ name: each.name, why: `${program} is not installed` }]
    }),
  }
}

/** Those, and clients that dial only. */
export const matrixPrograms: readonly Program[] = [...stacks, ...phones]
