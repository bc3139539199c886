/** How large each subpath of the package is once an app's bundler has minified it. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A program, bundled as an app's own bundler would do it. */
export interface Bundle {
  readonly code: string
  /** The modules of the platform that it imports. */
  readonly builtins: readonly string[]
  /** The source files of which something is in it, as paths from the root. */
  readonly sources: readonly string[]
  /** The files of other packages of which something is in it. */
  readonly foreign: readonly string[]
}

/**
 * What a bundler is told of NODE_ENV: nothing, or that it is `production`. Without it the development
 * warnings are in the bundle.
 */
export type Environment = 'unknown' | 'production'

/** Bundles a program that stands in `src/`. */
export async function bundle(
  program: string,
  environment: Environment = 'unknown',
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: join(root, 'src'), loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    define: environment === 'production' ? { 'process.env.NODE_ENV': '"production"' } : {},
  })
  const [output] = Object.values(metafile.outputs)
  const files = Object.entries(output!.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => file)
  return {
    code: outputFiles[0]!.text,
    builtins: [...new Set(output!.imports.map(({ path }) => path))].toSorted(),
    sources: files.filter((file) => file.startsWith('src/')),
    foreign: files.filter((file) => file.includes('node_modules/')),
  }
}

/** Bytes of a program, minified and gzipped. */
export function gzipped({ code }: Bundle): number {
  return gzipSync(code, { level: 9 }).length
}

/** The sizes of a subpath, minified and gzipped, in bytes. */
export type Sizes = Readonly<Record<Environment, number>>

/** Each subpath with its sizes. */
export async function bundleSizes(): Promise<Map<string, Sizes>> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { default: string } | string>
  }
  const sizes = new Map<string, Sizes>()
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    const source = target.default.replace('./dist/', './').replace(/js$/, 'ts')
    const name = subpath.replace(/^\./, 'sojourn')
    const program = `export * from '${source}'`
    sizes.set(name, {
      unknown: gzipped(await bundle(program)),
      production: gzipped(await bundle(program, 'production')),
    })
  }
  return sizes
}

/** docs/bundle-sizes.md. */
export async function bundleSizesPage(): Promise<string> {
  const rows = [...(await bundleSizes())].map(
    ([name, { production, unknown }]) => `| \`${name}\` | ${inKb(production)} | ${inKb(unknown)} |`,
  )
  return `# Bundle sizes

This page lists how much each import adds to an app's bundle. You need it if the size of your server matters, for example on
AWS Lambda or Cloudflare Workers.

Sizes are in kB (1000 bytes), minified by esbuild and gzipped, for each import alone. Code that two imports share is counted
in both, so together they add less than the sum. An app whose sessions are in the cookie does not load the stores. A store
imports what only stored sessions need.

*For production*: the bundler knows \`NODE_ENV\`, and leaves out the development warnings. So do:

- webpack and Next.js, in a build for production;
- Vite, with \`define: { 'process.env.NODE_ENV': '"production"' }\` in its configuration (for a server it does not set it by
  itself);
- esbuild, with \`--define:process.env.NODE_ENV='"production"'\`.

*As it is*: the bundler does not know \`NODE_ENV\`. The development warnings are in the bundle, and the running app decides whether to
print them.

\`npm run docs\` writes this page. A test compares it with the source, to half a kilobyte, and another test checks a limit for each
size.

| import | for production | as it is |
| --- | --- | --- |
${rows.join('\n')}

## Why \`sojourn\` is larger than its goal

The goal for the bundle for production was 27 kB. It was set before lifetimes of one session, events, schemas, guards and moving in
existed. Of the minified code, in November 2026:

| share | what |
| --- | --- |
| 20 % | the record: its JSON text, exact numbers and dates, and how changes are applied again |
| 27 % | the session, its commit, guards, and which changes are lost |
| 10 % | options and their checks |
| 10 % | messages of errors and of misuse, which say what to do; development warnings are not among them |
| 8 % | signed and encrypted cookies |
| 4 % | weak and published secrets, refused at start-up |
| 4 % | schemas and migrations |
| 7 % | HTTP headers, and CSRF protection |
| 10 % | clocks, channels, events, durations and other small parts |

Leaving out any one part would not reach the goal. Schemas and encryption are options of \`createSessions\`; to leave them out of a bundle, they
would have to become imports of their own, and each app that uses them would need another line.
`
}

function inKb(bytes: number): string {
  return (bytes / 1000).toFixed(1)
}
