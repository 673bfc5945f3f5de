/**
 * Builds the page of `siplab console` into dist/console. Everything it needs lies there: the page may load nothing from
 * elsewhere. Views come in files of their own, loaded when they are first looked at.
 */
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** @param vite the module `vite` */
export async function bundlePage({ build }) {
  await build({
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
}
