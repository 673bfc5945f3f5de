/**
 * Shows that the settings which the survey recommends close what they are said to close: each that src/peers/stacks
 * calls tested. The stack runs without the setting and accepts a fault, then with it and refuses the fault; the good
 * certificate is accepted both times. Run: node scripts/survey-settings.ts [--stack NAME…]. Exit status 1: one does not
 * close it, or was tested with another version than the table says; 75: none of the programs is installed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stacks, type Topic } from '../src/peers/stacks/index.ts'
import { openGround, type SurveyGround } from '../src/survey/index.ts'
import { installed } from './stacks/index.ts'
import { node, python } from './stacks/scripted.ts'
import type { Stack, Stance } from './stacks/stack.ts'
import { gnutls, openssl } from './stacks/tools.ts'
import type { Role } from './survey-matrix/document.ts'
import { runMatrix } from './survey-matrix/run.ts'

/** What shows that a setting works: the role that has it, and the fault that it closes. */
const shows: Readonly<Record<Exclude<Topic, 'version'>, { readonly role: Role; readonly fault: string }>> = {
  chain: { role: 'acceptor', fault: 'untrusted-root' },
  demand: { role: 'acceptor', fault: 'client-cert-missing' },
  'server-name': { role: 'dialler', fault: 'wrong-host' },
  'client-name': { role: 'acceptor', fault: 'client-wrong-name' },
  revocation: { role: 'acceptor', fault: 'revoked' },
  purpose: { role: 'acceptor', fault: 'no-client-auth-eku' },
  strength: { role: 'acceptor', fault: 'rsa-1024' },
}

/** Python as acceptor asks for a certificate only where it verifies it. */
const asDialler: readonly string[] = ['Python chain']

/** Settings that the strict stance of a stack does not have, because they add to what it does by itself. */
const added: readonly string[] = ['GnuTLS strength', 'Node client-name', 'Python client-name']

interface Claim {
  readonly stack: Stack
  readonly topic: keyof typeof shows
  /** `OpenSSL 3.0.22`. */
  readonly tested: string
}

function claims(there: readonly Stack[]): readonly Claim[] {
  return there.flatMap((stack) => {
    const closes = stacks.find(({ name }) => name === stack.name.toLowerCase())?.closes ?? {}
    return Object.entries(closes).flatMap(([topic, { tested }]) =>
      tested === undefined || !isShown(topic) ? [] : [{ stack, topic, tested }],
    )
  })
}

function isShown(topic: string): topic is keyof typeof shows {
  return topic in shows
}

/** @returns what is not as the table says */
async function show({ stack, topic, tested }: Claim, ground: SurveyGround, folder: string): Promise<readonly string[]> {
  const { fault } = shows[topic]
  const role = asDialler.includes(`${stack.name} ${topic}`) ? 'dialler' : shows[topic].role
  const adds = added.includes(`${stack.name} ${topic}`)
  const outcome = async (stance: Stance): Promise<string> => {
    const { trials, stopped } = await runMatrix(
      { program: stack, role, tls: '1.2', only: [fault], stance },
      ground,
      join(folder, topic),
    )
    return stopped ?? trials[0]?.outcome ?? 'not tried'
  }
  const without = await outcome(adds ? 'strict' : `without ${topic}`)
  const having = await outcome(adds ? `with ${topic}` : 'strict')
  const told = `${stack.version()}, ${role}, ${topic}: ${fault} without it ${without}, with it ${having}`
  console.log(told)
  return [
    ...(without === 'accepted' && having === 'refused' ? [] : [told]),
    ...(stack.version().includes(tested) ? [] : [`${told}: the table says ${tested}`]),
  ]
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { stack: { type: 'string', multiple: true } } })
  const all = [openssl, gnutls, node, python].filter(({ name }) => values.stack?.includes(name) ?? true)
  const { there, missing } = installed<Stack>(all)
  for (const { name, why } of missing) console.log(`skipped: ${name}: ${why}`)
  if (there.length === 0) return 75
  const folder = mkdtempSync(join(tmpdir(), 'siplab-settings-'))
  try {
    const ground = openGround(join(folder, 'ground'), Date.now())
    const found = await Promise.all(claims(there).map((claim) => show(claim, ground, folder)))
    const wrong = found.flat()
    for (const sentence of wrong) console.log(`not as said: ${sentence}`)
    console.log(`${found.length} settings tried, ${wrong.length} not as said`)
    return wrong.length === 0 && found.length > 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

process.exitCode = await main()
