/** Makes a variant of the backend: a piece of its text replaced, or a store with a flaw. */

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { storedBackend } from '../../src/backends/stored/stored.ts'
import type { Flaw } from './flaw.ts'
import type { MakeBackend } from './world.ts'

/** One text of one file, and what stands there instead. */
export interface Edit {
  file: string
  from: string
  to: string
}

/** What is put in the backend's place. */
export interface Variant {
  name: string
  /** What the oracle says of it. */
  breaks: RegExp
  edits?: readonly Edit[]
  flaw?: Flaw
}

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Makes the backend of a variant. @throws where a text is not found exactly once */
export async function backendOf({ name, edits = [] }: Variant): Promise<MakeBackend> {
  if (edits.length === 0) return storedBackend
  const unused = new Set(edits)
  const { outputFiles } = await build({
    entryPoints: [root('src/backends/stored/stored.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    plugins: [
      {
        name: 'edits',
        setup({ onLoad }) {
          onLoad({ filter: /\/src\/backends\/stored\/[\w-]+\.ts$/ }, async ({ path }) => {
            let contents = await readFile(path, 'utf8')
            for (const edit of edits) {
              if (edit.file !== basename(path)) continue
              const parts = contents.split(edit.from)
              if (parts.length !== 2) {
                throw new Error(`${edit.file} holds this ${parts.length - 1} times: ${edit.from}`)
              }
              contents = parts.join(edit.to)
              unused.delete(edit)
            }
            return { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
  if (unused.size > 0)
    throw new Error(`No such file: ${[...unused].map(({ file }) => file).join()}`)
  const folder = root('node_modules/.cache/model')
  const file = `${folder}/${name.replaceAll(/\W+/g, '-')}.mjs`
  await mkdir(folder, { recursive: true })
  await writeFile(file, outputFiles[0]!.text)
  const bundle = (await import(`${pathToFileURL(file).href}?${Date.now()}`)) as {
    storedBackend: MakeBackend
  }
  return bundle.storedBackend
}
