import t from 'tap'
import { z } from 'zod'
import { readDocument } from '../../src/topology/document.ts'

const schema = z.object({ hosts: z.record(z.string(), z.unknown()) })

for (const name of [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
])
  t.test(`the name ${name} is refused with file and line, wherever it is`, async (t) => {
    const message = (line: number): RegExp => new RegExp(`lab\\.yaml:${line}:.*${name}`, 's')
    t.throws(() => readDocument(schema, `hosts:\n  ${name}: { role: edge }\n`, 'lab.yaml'), { message: message(2) })
    const deep = `hosts:\n  fe1:\n    parts: [ { "${name}": 1 } ]\n`
    t.throws(() => readDocument(schema, deep, 'lab.yaml'), { message: message(3) })
  })
