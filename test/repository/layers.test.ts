import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { findBreaches } from '../../scripts/layers.ts'

async function rulesBroken(t: Test, src: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const folder = t.testdir({ src, scratch: {} } as Parameters<Test['testdir']>[0])
  return (await findBreaches(folder, join(folder, 'scratch'))).map(({ rule }) => rule)
}

t.test('the rules find', async (t) => {
  t.test('a type taken from a layer above', async (t) => {
    const src = {
      sip: { 'a.ts': "import type { B } from '../roles/b.ts'\nexport type A = B\n" },
      roles: { 'b.ts': 'export type B = string\n' },
    }
    t.strictSame(await rulesBroken(t, src), ['layer-sip'])
  })

  t.test('a message that knows its transport', async (t) => {
    const src = {
      sip: {
        message: { 'a.ts': "import { b } from '../transport/b.ts'\nexport const a = b\n" },
        transport: { 'b.ts': 'export const b = 1\n' },
      },
    }
    t.strictSame(await rulesBroken(t, src), ['layer-sip-message'])
  })

  t.test('node-forge outside certificates/', async (t) => {
    const src = {
      lab: {
        'a.ts': "import forge from 'node-forge'\nexport const a: unknown = forge\n",
        'b.ts': 'export const b = 1\n',
      },
    }
    t.strictSame(await rulesBroken(t, src), ['only-in-place-node-forge'])
  })

  t.test('a circle of values', async (t) => {
    const values = {
      lab: {
        'a.ts': "import { b } from './b.ts'\nexport const a = (): number => b\n",
        'b.ts': "import { a } from './a.ts'\nexport const b = 1\nexport const c = a\n",
      },
    }
    t.same(new Set(await rulesBroken(t, values)), new Set(['no-circles']))
  })

  t.test('a circle of types', async (t) => {
    const types = {
      lab: {
        'a.ts': "import type { B } from './b.ts'\nexport interface A { readonly b?: B }\n",
        'b.ts': "import type { A } from './a.ts'\nexport interface B { readonly a?: A }\n",
      },
    }
    t.same(new Set(await rulesBroken(t, types)), new Set(['no-circles']))
  })
})
