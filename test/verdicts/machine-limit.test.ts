import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { machineLimit, withPath } from '../../src/verdicts/machine-limit.ts'

const errorOf = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('the work did not fail')
}

const systemError = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${code}: something, ${syscall}`), { code, syscall })

t.test('machineLimit', async (t) => {
  t.test('names the file, what was found and what to do next', async (t) => {
    const folder = t.testdir({ file: '' })
    const missing = join(folder, 'missing.pem')
    t.strictSame(machineLimit(errorOf(() => readFileSync(missing))), {
      code: 'file.missing',
      message: `cannot open ${missing}: it does not exist (ENOENT); check the path`,
    })
    const below = join(folder, 'file', 'below')
    t.match(machineLimit(errorOf(() => mkdirSync(below))), { message: /cannot make the folder .* \(ENOTDIR\)/ })
  })

  t.test('calls a full disk a limit of the machine', async (t) => {
    t.match(machineLimit(systemError('ENOSPC', 'write')), { code: 'machine.disk-full', message: /free at least 1 MB/ })
  })

  t.test('leaves errors of the network and of siplab alone', async (t) => {
    t.equal(machineLimit(systemError('ECONNREFUSED', 'connect')), undefined)
    t.equal(machineLimit(systemError('ENOENT', 'spawn')), undefined)
    t.equal(machineLimit(new TypeError('undefined is not a function')), undefined)
  })

  t.test('withPath names the file of a write that failed', async (t) => {
    const error = errorOf(() =>
      withPath('/lab/lab.json', () => {
        throw systemError('ENOSPC', 'write')
      }),
    )
    t.match(machineLimit(error), { message: /cannot write \/lab\/lab\.json: the disk is full/ })
  })
})
