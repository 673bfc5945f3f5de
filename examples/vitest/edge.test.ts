// A lab for a whole file in vitest: `npx vitest run edge.test.ts`.
import { type Lab, startLab } from 'siplab'
import { afterAll, beforeAll, expect, test } from 'vitest'

let lab: Lab

beforeAll(async () => {
  lab = await startLab('edge')
}, 60_000)

afterAll(() => lab.stop(), 30_000)

test('a link that was cut is reported by name', async () => {
  await lab.break('director->fe1', 'cut')
  const verdict = await lab.verdict('director->fe1')
  expect(verdict).toMatchObject({ code: 'link.cut', link: 'director->fe1' })
  const { links } = await lab.heal()
  expect(links.map(({ state }) => state)).toEqual(['up'])
}, 30_000)

test('a front end says which client it refused', async () => {
  await lab.break('director', 'untrusted-root', { as: 'client' })
  const event = await lab.nextEvent(({ node, event }) => node === 'fe1' && event === 'flow.refused')
  expect(event.verdict).toMatchObject({ code: 'chain.untrusted-root' })
  await lab.heal()
}, 30_000)
