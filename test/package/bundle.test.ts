import { build } from 'esbuild'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './repository.ts'

/** Bundles a program, as an app's own bundler would. */
async function bundle(program: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: join(root, 'src'), loader: 'ts' },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  })
  const [output] = Object.values(metafile.outputs)
  return {
    code: outputFiles[0]!.text,
    builtins: [...new Set(output!.imports.map(({ path }) => path))].toSorted(),
    sources: Object.keys(output!.inputs),
  }
}

// What would say that something came along which belongs behind a subpath.
const FOREIGN = [
  /\bnode:https?2?\b/,
  /\bwriteHead\b/,
  /\bServerResponse\b/,
  /\bEVAL(SHA)?\b/,
  /\b(SELECT|INSERT INTO|DELETE FROM|CREATE TABLE)\b/,
  /\b(from|require\()\s*["'](express|fastify|koa|hono)/,
]

const strangersIn = (code: string) => FOREIGN.filter((pattern) => pattern.test(code)).map(String)

describe('the core alone, bundled', () => {
  it('holds no server, no SQL, no Redis script and no framework', async () => {
    const { code, builtins, sources } = await bundle(`export * from './index.ts'`)
    expect(strangersIn(code)).toEqual([])
    expect(builtins).toEqual(['node:async_hooks', 'node:buffer', 'node:crypto', 'node:zlib'])
    expect(
      sources.filter((file) => /(adapters|flask|stores|devtools|cli|testing)\//.test(file)),
    ).toEqual([])
  })

  it.each(['./adapters/node/node.ts', './adapters/express.ts'])(
    'would notice %s coming along',
    async (adapter) => {
      const { code, sources } = await bundle(
        `export * from './index.ts'; export * from '${adapter}'`,
      )
      expect(strangersIn(code)).not.toEqual([])
      expect(sources.some((file) => file.includes('adapters/'))).toBe(true)
    },
  )

  it.each([
    `import { createServer } from 'node:http'; export const s = createServer`,
    `export const q = 'SELECT body FROM sessions'`,
    `export const r = (redis) => redis.call('EVALSHA')`,
    `export { default } from 'express'`,
  ])('would notice %s', async (program) => {
    const { code, builtins } = await bundle(program)
    expect([...strangersIn(code), ...builtins.filter((name) => name === 'node:http')]).not.toEqual(
      [],
    )
  })
})
