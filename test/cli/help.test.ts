/** What `--help` prints, read on a terminal of 120 columns. */
import t from 'tap'
import { siplab } from '../support/command.ts'

t.test('the commands of a group are one sentence each, which fits the line', async (t) => {
  const { stdout } = await siplab(['certs', '--help'])
  const list = stdout.slice(stdout.indexOf('Commands:')).split('\n')
  t.strictSame(
    list.filter((line) => line.length > 120 || /\.\s/.test(line)),
    [],
  )
})

t.test('an option that may be given several times names no empty default', async (t) => {
  const { stdout } = await siplab(['up', '--help'])
  t.notMatch(stdout, /default: \[\]/)
})

t.test('a line of a description ends where the width or the sentence ends', async (t) => {
  for (const command of ['metrics', 'mcp', 'break']) {
    const { stdout } = await siplab([command, '--help'])
    const lines = stdout.split('\n\n')[1]?.split('\n') ?? []
    const early = lines.filter((line, at) => {
      const next = lines[at + 1]?.split(' ', 1)[0]
      return next !== undefined && !line.endsWith('.') && `${line} ${next}`.length <= 80
    })
    t.strictSame(early, [], command)
  }
})
