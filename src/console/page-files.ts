/** The built page, read once at the start: an answer is looked up by its path, and no path reaches a disk. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { extname, join, sep } from 'node:path'

export interface PageFile {
  readonly content: Buffer
  readonly type: string
  /** Its name changes with its content. */
  readonly forEver: boolean
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
}

/**
 * @param folder `dist/console`
 * @returns by path, `/assets/index-x1.js`; empty when the page was never built
 */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(folder)) return new Map()
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return new Map(
    names.flatMap((name): readonly (readonly [string, PageFile])[] => {
      const file = join(folder, name)
      const type = types[extname(name)]
      if (type === undefined || !statSync(file).isFile()) return []
      const path = `/${name.split(sep).join('/')}`
      return [[path, { content: readFileSync(file), type, forEver: path.startsWith('/assets/') }]]
    }),
  )
}
