/** `--lab compose` outside of the containers, with a `docker` that only answers as Docker does. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runInProcess } from '../support/cli.ts'
import { runProgram, siplabBin } from '../support/command.ts'

/** A folder with a `docker` whose `ps` prints these lines, and whose other commands print their arguments. */
function folderWithDocker(t: Test, containers: readonly string[]): string {
  const folder = t.testdir()
  const docker = join(folder, 'docker')
  const ps = containers.map((line) => `echo '${line}'`).join('; ')
  writeFileSync(docker, `#!/bin/sh\ncase $1 in ps) ${ps || ':'};; exec) echo "$@"; exit 1;; esac\n`)
  chmodSync(docker, 0o755)
  return folder
}

const inCompose = (folder: string, ...args: readonly string[]): ReturnType<typeof runProgram> =>
  runProgram(process.execPath, [siplabBin, ...args, '--lab', 'compose'], {
    environment: { PATH: `${folder}:/usr/bin:/bin`, NO_COLOR: '1' },
  })

t.test('a command that has no meaning in a container lab names the command to use instead', async (t) => {
  const instead = {
    up: /docker compose up --detach/,
    down: /docker compose down/,
    plan: /siplab plan --containers/,
    check: /siplab check with an address/,
    phone: /docs\/containers\.md/,
    explain: /leave --lab out/,
  }
  for (const [command, err] of Object.entries(instead))
    t.match(await runInProcess([command, '--lab', 'compose']), { status: 2, err }, command)
})

t.test('a folder of this machine chooses no container lab', async (t) => {
  t.match(await runInProcess(['status', '--lab', 'compose', '--data', 'x']), { status: 2, err: /COMPOSE_PROJECT_NAME/ })
})

t.test('a container lab that does not run is named with the command that brings it up', async (t) => {
  t.match(await inCompose(folderWithDocker(t, []), 'events'), {
    status: 1,
    stderr: /no container lab runs; docker compose up --detach brings it up/,
  })
})

t.test('of several container labs the user has to choose one', async (t) => {
  const folder = folderWithDocker(t, ['a1 one False', 'b2 two False'])
  t.match(await inCompose(folder, 'events'), {
    status: 2,
    stderr: /\(one, two\); choose one with COMPOSE_PROJECT_NAME/,
  })
})

t.test('a command runs in the container of the lab, and its exit status is passed on', async (t) => {
  t.match(await inCompose(folderWithDocker(t, ['a1 one False']), 'events', 'fe1'), {
    status: 1,
    stdout: /^exec --interactive --env SIPLAB_FOLLOWS_INPUT=1 --env NO_COLOR=1 a1 siplab events fe1 --data \/data/,
  })
})
