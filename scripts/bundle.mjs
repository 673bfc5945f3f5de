/**
 * Joins the sources of siplab and the packages they use into a few files in dist/bundle: `node scripts/bundle.mjs`. A
 * process of siplab then starts from about ten files instead of nine hundred. The door (src/cli/siplab.mjs) takes the
 * bundle as long as no source is newer than it.
 *
 * npm runs this after it has changed node_modules, before the tests, and before it packs. Plain JavaScript, because the
 * Node of npm may be an older one.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { bundlePage } from './bundle-page.mjs'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'dist', 'bundle')
const dayMs = 86_400_000

/** Packages written for require() need one in a module. */
const banner = "import { createRequire as ourRequire } from 'node:module'; const require = ourRequire(import.meta.url);"

/** zod brings its sentences in fifty languages, half a megabyte that every start would read. */
const oneLanguage = {
  name: 'one-language',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js'",
    }))
  },
}

async function bundle({ build }) {
  mkdirSync(folder, { recursive: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts', 'src/services/store/sqlite-worker.ts'],
    outdir: folder,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    keepNames: true,
    banner: { js: banner },
    // Never installed: the packages that ask for them go on without.
    external: ['pg-native', 'bufferutil', 'utf-8-validate'],
    plugins: [oneLanguage],
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    // The names of files and the comments do not depend on the place of node_modules: scripts/release.ts links it.
    preserveSymlinks: true,
  })
  writeFileSync(join(folder, 'LICENSES.txt'), licences(Object.keys(metafile.inputs)))
  const written = new Set(Object.keys(metafile.outputs).map((file) => relative(folder, join(root, file))))
  sweep(written)
  // Last: from here on the bundle is whole.
  writeFileSync(join(folder, 'sources.json'), JSON.stringify(sources(metafile.inputs)))
}

/** Paths from the top of the repository: what must not be newer than the bundle. */
function sources(inputs) {
  return ['package-lock.json', ...Object.keys(inputs).filter((file) => file.startsWith('src/'))]
}

/** A siplab that runs since before may still load a part: parts stay for a day. */
function sweep(written) {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    if (name.endsWith('.js') && !written.has(name) && Date.now() - statSync(file).mtimeMs > dayMs) rmSync(file)
  }
}

/** The licence of every package in the bundle, as each of them asks for. */
function licences(inputs) {
  const folders = new Set(inputs.filter((file) => file.includes('node_modules/')).map((file) => packageOf(file)))
  return [...folders]
    .sort()
    .map((each) => `${nameOf(each)}\n\n${licenceOf(each)}\n`)
    .join('\n---\n\n')
}

function packageOf(file) {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const description = join(root, folder, 'package.json')
    if (existsSync(description) && 'version' in JSON.parse(readFileSync(description, 'utf8'))) return folder
    if (folder === '.') throw new Error(`${file} is of no package`)
  }
}

function nameOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  return `${name} ${version} (${license})`
}

function licenceOf(folder) {
  const name = readdirSync(join(root, folder)).find((each) => /^licen[cs]e/i.test(each))
  return name === undefined
    ? 'No licence file is in the package.'
    : readFileSync(join(root, folder, name), 'utf8').trim()
}

const esbuild = await import('esbuild').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
})
if (esbuild === undefined) console.error('no esbuild is installed (npm ci --omit=dev): siplab starts from its sources')
else {
  await bundle(esbuild)
  const inputs = await bundlePage(await import('vite'))
  writeFileSync(join(root, 'dist', 'console', 'LICENSES.txt'), licences(inputs))
}
