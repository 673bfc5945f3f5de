/** The file of `siplab check --targets`: what is checked, each with options of its own. */
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { readDocument } from '../topology/document.ts'
import { checkProfileNames } from './profiles.ts'

/** Enough for an estate; what one process checks in a few minutes. */
const mostTargets = 200

const text = z.string().min(1).max(255)

const entrySchema = z.strictObject({
  target: text,
  profile: z.enum(checkProfileNames).optional(),
  ca: z.union([text, z.array(text)]).optional(),
  crl: z.union([text, z.array(text)]).optional(),
  fetchCrls: z.literal(true).optional(),
  cert: text.optional(),
  key: text.optional(),
  name: text.optional(),
  address: text.optional(),
  dns: text.optional(),
  transport: z.enum(['tls', 'tcp', 'wss']).optional(),
  rules: z.enum(['lcs2005', 'ocs2007', 'modern', 'node', 'rfc5280', 'webpki']).optional(),
})

const targetsSchema = z
  .array(z.union([text, entrySchema]))
  .min(1)
  .max(mostTargets)

type OptionValue = string | true | readonly string[]

/** Options of one target, as on the command line; files with their whole paths. */
export interface ListedTarget {
  readonly target: string
  readonly options: Readonly<Record<string, OptionValue>>
}

/**
 * `- sbc1.example.com:5061`, or with options `- { target: …, profile: sbc, cert: me.pem, key: me.key }`. Paths begin at
 * the folder of the file.
 *
 * @throws ConfigError with line and field
 */
export function readTargets(content: string, file: string): readonly ListedTarget[] {
  const document = readDocument(targetsSchema, content, file)
  const names = new Set<string>()
  return document.value.map((entry, at) => {
    const { target, ...options } = typeof entry === 'string' ? { target: entry } : entry
    if (names.has(target))
      throw document.error({ path: [at], wanted: 'each target once', found: `${JSON.stringify(target)} a second time` })
    names.add(target)
    return { target, options: withPaths(options, dirname(file)) }
  })
}

function withPaths(
  options: Readonly<Record<string, OptionValue | undefined>>,
  folder: string,
): ListedTarget['options'] {
  const path = (file: string): string => resolve(folder, file)
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]): readonly (readonly [string, OptionValue])[] => {
      if (value === undefined) return []
      if (name === 'ca' || name === 'crl') return [[name, [value].flat().map((file) => path(String(file)))]]
      return [[name, (name === 'cert' || name === 'key') && typeof value === 'string' ? path(value) : value]]
    }),
  )
}
