/** A certificate that a node does not take is said so, and the printed way back is one. */
import { join } from 'node:path'
import t from 'tap'
import { sharedLab } from '../../support/lab.ts'

t.test('a chain without the name of the face is not taken', async (t) => {
  const lab = await sharedLab('edge')
  const folder = t.testdir()
  await lab.json('certs', 'issue', '--name', 'sbc1.contoso.test', '--output', folder)
  const [chain, key] = ['pem', 'key'].map((ending) => join(folder, `sbc1.contoso.test.${ending}`))
  const { status, stdout } = await lab.run('certs', 'import', 'edge', 'edge-external', String(chain), String(key))
  t.equal(status, 1)
  t.match(stdout, /edge refuses the certificate for edge-external/)
  t.match(stdout, /unchanged: edge-external: .* does not carry the expected name/)
  const back = /to undo: siplab (.*)\n/.exec(stdout)?.[1] ?? ''
  t.match(await lab.run(...back.split(' ')), { status: 0, stdout: /edge-external: external .* now shows / })
  const { status: checked } = await lab.run('check', 'sip.lab.test:10443')
  t.equal(checked, 0)
})
