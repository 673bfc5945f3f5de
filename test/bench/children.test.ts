/** What a bench started ends with it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { isAlive } from '../support/is-alive.ts'
import { until } from '../support/until.ts'

const children = fileURLToPath(new URL('../../bench/proxy/children.ts', import.meta.url))

/** What a bench does, with a child that would run for ever. */
const benchText = `
import { spawn } from 'node:child_process'
import { endOnSignals, owned } from ${JSON.stringify(children)}
endOnSignals()
const child = owned(spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']))
child.once('spawn', () => console.log(child.pid))
`

for (const [signal, status] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)
  t.test(`the processes of a bench that is ended by ${signal} end too`, async (t) => {
    const bench = spawn(process.execPath, ['--input-type=module', '-e', benchText], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => bench.kill('SIGKILL'))
    const [line] = (await once(createInterface({ input: bench.stdout }), 'line')) as [string]
    const pid = Number(line)
    t.ok(isAlive(pid))
    bench.kill(signal)
    t.same(await once(bench, 'exit'), [status, null])
    await until(() => !isAlive(pid))
  })
