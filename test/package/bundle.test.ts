import { describe, expect, it } from 'vitest'
import { bundle, bundleSizes, type Environment, type Sizes } from '../../scripts/bundle-sizes.ts'
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

// Words of the development warnings: of each file one that minifying leaves alone.
const DEVELOPMENT = [
  /console\.warn/,
  /was signed with another secret before this process started/,
  /express-session/,
  /credentials: 'include'/,
  /An await is missing/,
  /its headers do not show where it comes from/,
  /NODE_ENV is not set/,
  /node:fs/,
  /asymmetricMatch/,
  /req-session/,
  /deleteProperty/,
  /only sessions in a store can be ended everywhere/,
  /docs\/errors\.md/,
]

const strangersIn = (code: string) => FOREIGN.filter((pattern) => pattern.test(code)).map(String)

describe('the core alone, bundled', () => {
  it('holds no server, no SQL, no Redis script and no framework', async () => {
    const { code, builtins, sources } = await bundle(`export * from './index.ts'`)
    expect(strangersIn(code)).toEqual([])
    expect(builtins).toEqual([
      'node:async_hooks',
      'node:buffer',
      'node:crypto',
      'node:diagnostics_channel',
      'node:zlib',
    ])
    expect(
      sources.filter((file) =>
        /(adapters|flask|otel|stores|stored|devtools|cli|testing)\//.test(file),
      ),
    ).toEqual([])
  })

  it('holds no word of the stored backend, which comes with a store', async () => {
    const wordsIn = (code: string) => STORED.filter((word) => word.test(code)).map(String)
    expect(wordsIn((await bundle(`export * from './index.ts'`)).code)).toEqual([])
    const withStore = await bundle(`export * from './stores/session-store.ts'`)
    expect(wordsIn(withStore.code)).toEqual(STORED.map(String))
  })

  it('holds no development warning where the bundler knows that it is for production', async () => {
    const wordsIn = (code: string) => DEVELOPMENT.filter((word) => word.test(code)).map(String)
    const production = await bundle(`export * from './index.ts'`, 'production')
    expect(wordsIn(production.code)).toEqual([])
    expect(production.sources.filter((file) => file.includes('development/'))).toEqual([])
    const asItIs = await bundle(`export * from './index.ts'`)
    expect(wordsIn(asItIs.code)).toEqual(DEVELOPMENT.map(String))
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

// Frameworks over `Request` and `Response` run where there is no `node:http`.
const WITHOUT_NODE_HTTP = ['fetch', 'hono', 'h3', 'react-router', 'sveltekit']
const OVER_NODE_HTTP = ['express', 'fastify', 'koa']

describe('an adapter, bundled', () => {
  it.each([...WITHOUT_NODE_HTTP, ...OVER_NODE_HTTP])(
    '%s loads no framework, and nothing of the stored backend',
    async (name) => {
      const { code, foreign, builtins } = await bundle(`export * from './adapters/${name}.ts'`)
      expect(foreign).toEqual([])
      expect(builtins.filter((file) => !file.startsWith('node:'))).toEqual([])
      expect(code).not.toMatch(/\bifWrite\b|\.swap\(|\bEVALSHA\b|\bINSERT INTO\b/)
    },
  )

  it.each(WITHOUT_NODE_HTTP)('%s holds no word of node:http', async (name) => {
    const { code, builtins } = await bundle(`export * from './adapters/${name}.ts'`)
    expect(builtins.filter((builtin) => builtin.includes('http'))).toEqual([])
    expect(code).not.toMatch(/\bwriteHead\b|\bheadersSent\b/)
  })

  it('would notice a framework', async () => {
    const { foreign } = await bundle(`export { Hono } from 'hono'`)
    expect(foreign).not.toEqual([])
  })
})

// Bytes, minified and gzipped. A size that grows past its limit wants a reason, or a subpath.
const LIMITS: Readonly<Record<string, Sizes>> = {
  sojourn: { production: 39_000, unknown: 44_700 },
  'sojourn/fetch': { production: 6_350, unknown: 6_450 },
  'sojourn/node': { production: 10_000, unknown: 10_050 },
  'sojourn/express': { production: 9_400, unknown: 9_500 },
  'sojourn/fastify': { production: 9_550, unknown: 9_650 },
  'sojourn/koa': { production: 9_450, unknown: 9_550 },
  'sojourn/hono': { production: 6_550, unknown: 6_600 },
  'sojourn/h3': { production: 6_600, unknown: 6_650 },
  'sojourn/next': { production: 8_450, unknown: 8_500 },
  'sojourn/react-router': { production: 6_800, unknown: 6_850 },
  'sojourn/sveltekit': { production: 7_400, unknown: 7_450 },
  'sojourn/flask': { production: 19_400, unknown: 19_500 },
  'sojourn/express-session': { production: 53_950, unknown: 59_700 },
  'sojourn/formerly': { production: 24_550, unknown: 24_650 },
  'sojourn/flask-session': { production: 24_600, unknown: 24_650 },
  'sojourn/devtools': { production: 33_000, unknown: 33_250 },
  'sojourn/otel': { production: 4_450, unknown: 4_500 },
  'sojourn/stores': { production: 22_200, unknown: 22_300 },
  'sojourn/stores/memory': { production: 24_500, unknown: 24_650 },
  'sojourn/stores/sqlite': { production: 28_100, unknown: 28_200 },
  'sojourn/stores/redis': { production: 26_950, unknown: 27_000 },
  'sojourn/stores/postgres': { production: 29_750, unknown: 29_850 },
  'sojourn/testing': { production: 74_550, unknown: 80_250 },
}

const ENVIRONMENTS: readonly Environment[] = ['production', 'unknown']

describe('the size of each subpath', () => {
  it('stays under its limit, in a bundle for production and in one that is not', async () => {
    const sizes = await bundleSizes()
    expect([...sizes.keys()].toSorted()).toEqual(Object.keys(LIMITS).toSorted())
    const over = [...sizes].filter(([name, size]) =>
      ENVIRONMENTS.some((environment) => size[environment] > LIMITS[name]![environment]),
    )
    expect(over).toEqual([])
  })

  it('is what docs/bundle-sizes.md says, to half a kilobyte: run `npm run docs` if it is not', async () => {
    const page = text('docs/bundle-sizes.md')
    for (const [name, size] of await bundleSizes()) {
      const row = new RegExp(`\\| \`${name}\` \\| ([\\d.]+) \\| ([\\d.]+) \\|`).exec(page)
      for (const [index, environment] of ENVIRONMENTS.entries()) {
        const said = Number(row?.[index + 1]) * 1000
        expect(Math.abs(said - size[environment]), `${name}, ${environment}`).toBeLessThan(500)
      }
    }
  })
})
