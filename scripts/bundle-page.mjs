/**
 * Builds the page of `siplab console` into dist/console. Everything it needs lies there: the page may load nothing from
 * elsewhere. Views come in files of their own, loaded when they are first looked at.
 */
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')

/**
 * @param vite the module `vite`
 * @returns the paths of everything that went into it, from the top of the repository
 */
export async function bundlePage({ build }) {
  const { output } = await build({
    root: join(root, 'src', 'console', 'page'),
    configFile: false,
    base: '/',
    publicDir: false,
    logLevel: 'warn',
    build: {
      outDir: join(root, 'dist', 'console'),
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      // What is inlined would need an exception in the content security policy.
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  })
  return output.flatMap(({ moduleIds = [] }) => moduleIds.map((id) => relative(root, id)))
}
