import { describe, expect, it } from 'vitest'
import { bundle, bundleSizes } from '../../scripts/bundle-sizes.ts'
import { text } from './repository.ts'

// What would say that something came along which belongs behind a subpath.
const FOREIGN = [
  /\bnode:https?2?\b/,
  /\bwriteHead\b/,
  /\bServerResponse\b/,
  /\bEVAL(SHA)?\b/,
  /\b(SELECT|INSERT INTO|DELETE FROM|CREATE TABLE)\b/,
  /\b(from|require\()\s*["'](express|fastify|koa|hono)/,
]

// Words of the stored backend that minifying leaves alone: property names and messages.
const STORED = [
  /\bifWrite\b|\.swap\(/,
  /\.admit\(|\.forget\(/,
  /\bverifier\b/,
  /\brecent\b/,
  /\bisSuperseded\b/,
  /requests already wait for this session/,
  /rotate.*longer than grace/,
]

const strangersIn = (code: string) => FOREIGN.filter((pattern) => pattern.test(code)).map(String)

describe('the core alone, bundled', () => {
  it('holds no server, no SQL, no Redis script and no framework', async () => {
    const { code, builtins, sources } = await bundle(`export * from './index.ts'`)
    expect(strangersIn(code)).toEqual([])
    expect(builtins).toEqual(['node:async_hooks', 'node:buffer', 'node:crypto', 'node:zlib'])
    expect(
      sources.filter((file) => /(adapters|flask|stores|stored|devtools|cli|testing)\//.test(file)),
    ).toEqual([])
  })

  it('holds no word of the stored backend, which comes with a store', async () => {
    const wordsIn = (code: string) => STORED.filter((word) => word.test(code)).map(String)
    expect(wordsIn((await bundle(`export * from './index.ts'`)).code)).toEqual([])
    const withStore = await bundle(`export * from './stores/session-store.ts'`)
    expect(wordsIn(withStore.code)).toEqual(STORED.map(String))
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

// Bytes, minified and gzipped. A size that grows past its limit wants a reason, or a subpath.
const LIMITS: Readonly<Record<string, number>> = {
  sojourn: 32_500,
  'sojourn/fetch': 4_000,
  'sojourn/node': 6_500,
  'sojourn/express': 6_500,
  'sojourn/flask': 16_500,
  'sojourn/stores': 16_000,
  'sojourn/stores/memory': 18_000,
  'sojourn/stores/sqlite': 20_500,
  'sojourn/stores/redis': 19_000,
  'sojourn/stores/postgres': 21_500,
  'sojourn/testing': 12_000,
}

describe('the size of each subpath', () => {
  it('stays under its limit', async () => {
    const sizes = await bundleSizes()
    expect([...sizes.keys()].toSorted()).toEqual(Object.keys(LIMITS).toSorted())
    const over = [...sizes].filter(([name, bytes]) => bytes > LIMITS[name]!)
    expect(over).toEqual([])
  })

  it('is what docs/bundle-sizes.md says, to half a kilobyte: run `npm run docs` if it is not', async () => {
    const page = text('docs/bundle-sizes.md')
    for (const [name, bytes] of await bundleSizes()) {
      const [, said] = new RegExp(`\\| \`${name}\` \\| ([\\d.]+) \\|`).exec(page) ?? []
      expect(Math.abs(Number(said) * 1000 - bytes), name).toBeLessThan(500)
    }
  })
})
