/** What Tab offers, asked of the real shells. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { runInProcess as run } from '../support/cli.ts'

type Shell = 'bash' | 'zsh' | 'fish'

/** How each shell is asked what may follow the words, the last of which is being typed; one answer a line. */
const askers: Readonly<Record<Shell, (file: string, words: readonly string[]) => readonly string[]>> = {
  bash: (file, words) => [
    '-c',
    'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _siplab; ' +
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
    file,
    ...words,
  ],
  // The parts of zsh's own completion that only a terminal has are stood in for by printing.
  zsh: (file, words) => [
    '-f',
    '-c',
    'compdef() { : }; _files() { : }; compadd() { print -rl -- ${(P)2} }; ' +
      '_describe() { [[ $1 == -o ]] && shift; print -rl -- ${${(P)2}%%:*} }; ' +
      'file=$1; shift; source $file; words=("$@"); CURRENT=$#words; _siplab',
    'zsh',
    file,
    ...words,
  ],
  fish: (file, words) => ['-c', `source ${file}; complete -C ${JSON.stringify(words.join(' '))} | cut -f1`],
}

function offered(shell: Shell, file: string, words: readonly string[]): readonly string[] {
  const { stdout, stderr, status } = spawnSync(shell, askers[shell](file, words), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${shell} ended with ${status}: ${stderr}`)
  return stdout.split('\n').filter((line) => line !== '')
}

async function asks(t: Test, shell: Shell): Promise<(...words: readonly string[]) => readonly string[]> {
  const folder = t.testdir({ script: (await run(['completion', shell])).out })
  return (...words) => offered(shell, join(folder, 'script'), ['siplab', ...words])
}

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  const isThere = spawnSync(shell, ['-c', 'true']).status === 0
  t.test(`Tab in ${shell}`, { skip: isThere ? false : `${shell} is not installed` }, async (t) => {
    const after = await asks(t, shell)
    t.match(new Set(after('')), new Set(['up', 'down', 'check', 'completion']), 'commands')
    t.notOk(after('').includes('supervise'), 'no hidden command')
    t.match(new Set(after('certs', '')), new Set(['init', 'issue']), 'commands of a command')
    t.match(new Set(after('certs', 'issue', '--')), new Set(['--name', '--role', '--json']), 'its options')
    t.match(new Set(after('plan', 'edge', '--format', '')), new Set(['hosts', 'svg', 'zone']), 'values of an option')
    t.match(new Set(after('up', '')), new Set(['edge', 'trunk']), 'topologies')
    t.ok(after('break', 'fe1', 'exp').includes('expired'), 'faults')
    t.ok(after('scenario', 'run', 'trial').includes('trial-certificate-expiry'), 'scenarios')
    t.match(new Set(after('mtls', 'fe1', '')), new Set(['on', 'off']), 'the words of a usage')
  })
}

t.test('another shell is wrong usage, with those there are', async (t) => {
  t.match(await run(['completion', 'csh']), { status: 2, err: /SHELL: wanted one of bash, zsh, fish, found "csh"/ })
})
