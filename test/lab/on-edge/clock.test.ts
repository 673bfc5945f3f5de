/** What moves the calendar of a lab that was brought up without. */
import t from 'tap'
import { sharedLab } from '../../support/lab.ts'

t.test('a lab without movable clocks is told how to get them', async (t) => {
  const lab = await sharedLab('edge')
  t.match(await lab.run('clock', 'fe1', '+31d'), { status: 1, stderr: /--movable-clock/ })
})
