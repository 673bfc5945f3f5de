/** `siplab users` on the directory of a lab that does not run. */
import t from 'tap'
import { runInProcess } from '../support/cli.ts'

t.test('users disable and enable switch an account, and users list shows its state', async (t) => {
  const folder = t.testdir({})
  const users = (...args: readonly string[]): ReturnType<typeof runInProcess> =>
    runInProcess(['users', ...args, '--topology', 'standard'], folder)
  t.equal((await users('seed')).status, 0)

  t.match(JSON.parse((await users('disable', 'alice', '--json')).out), { aor: 'sip:alice@lab.test', enabled: false })
  t.equal((await users('add', 'alice', '--password', 'another')).status, 0)
  const { out } = await users('list')
  t.match(out, /sip:alice@lab\.test +alice +se\.lab\.test +\w+ +no\n/, 'a new password enables nobody')
  t.match(out, /sip:bob@lab\.test +bob +se\.lab\.test +\w+ +yes\n/)

  t.match(await users('enable', 'alice'), { status: 0, out: 'sip:alice@lab.test is enabled\n' })
  t.match(JSON.parse((await users('list', '--json')).out), [{ aor: 'sip:alice@lab.test', enabled: true }])
  t.match(await users('disable', 'nobody'), {
    status: 1,
    err: /the directory of lab\.test has no sip:nobody@lab\.test; siplab users list shows/,
  })
})
