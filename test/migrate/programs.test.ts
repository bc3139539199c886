import type { RequestListener } from 'node:http'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { migrate } from '../../packages/migrate/src/migrate.ts'
import { load, SECRET, serve } from './run-app.ts'

// Counters, lists and values have keys of their own: `x++` on a text differs by design.
const counter = fc.constantFrom('n', 'visits')
const list = fc.constantFrom('cart', 'seen')
const value = fc.constantFrom('a', 'theme', 'user')
const literal = fc.constantFrom(
  '1',
  "'x'",
  'true',
  'null',
  '[1, 2]',
  "{ name: 'Ada', roles: ['x'] }",
  "''",
)
const small = fc.integer({ min: 1, max: 9 })
const S = 'req.session'

const simple = fc.oneof(
  fc.tuple(value, literal).map(([key, to]) => `${S}.${key} = ${to}`),
  fc.tuple(value, literal).map(([key, to]) => `${S}['${key}'] = ${to}`),
  fc.tuple(value, value, literal).map(([key, from, to]) => `${S}.${key} = ${S}.${from} || ${to}`),
  value.map((key) => `delete ${S}.${key}`),
  value.map((key) => `${S}.${key} = undefined`),
  fc.tuple(value, literal).map(([key, to]) => `${S}.${key} ||= ${to}`),
  fc.tuple(value, literal).map(([key, to]) => `${S}.${key} ??= ${to}`),
  value.map((key) => `${S}.${key} = String(${S}.${key}) + '+'`),
  value.map((key) => `if (typeof ${S}.${key} === 'string') ${S}.${key} += '-'`),
  fc.tuple(counter, small).map(([key, by]) => `${S}.${key} = (${S}.${key} || 0) + ${by}`),
  fc
    .tuple(counter, small)
    .map(([key, by]) => `${S}.${key} = ${S}.${key} ? ${S}.${key} + ${by} : ${by}`),
  counter.map((key) => `if (${S}.${key}) ${S}.${key}++; else ${S}.${key} = 1`),
  fc.tuple(counter, small).map(([key, by]) => `if (${S}.${key}) { ${S}.${key} -= ${by} }`),
  counter.map((key) => `if (${S}.${key}) out.push(++${S}.${key})`),
  fc
    .tuple(list, small)
    .map(([key, item]) => `if (!${S}.${key}) ${S}.${key} = []; ${S}.${key}.push(${item}, page)`),
  list.map(
    (key) =>
      `const held = ${S}.${key} || []; if (${S}.${key}) ${S}.${key}.push(page); out.push(held)`,
  ),
  list.map((key) => `if (${S}.${key}) ${S}.${key}[0] = { page }`),
  list.map((key) => `out.push(${S}.${key} && ${S}.${key}.length)`),
  value.map((key) => `if (${S} && ${S}.${key}) out.push(${S}.${key})`),
  // Not for values: one that was set to undefined is deleted at once, not only when it is saved.
  fc.tuple(list, value).map(([a, b]) => `out.push('${a}' in ${S}, ${S}?.${b}?.name)`),
  fc
    .tuple(value, counter)
    .map(([a, b]) => `const { ${a}, ${b}: other = 7 } = ${S}; out.push(${a}, other)`),
)
const statement = fc.oneof(
  { weight: 5, arbitrary: simple.map((code) => `{ ${code} }`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(value, simple, simple)
      .map(([key, yes, no]) => `if (${S}.${key}) { ${yes} } else { ${no} }`),
  },
  { weight: 1, arbitrary: simple.map((code) => `;[1, 2].forEach(() => { ${code} })`) },
)
const handler = fc.array(statement, { minLength: 1, maxLength: 5 })
const program = fc.array(handler, { minLength: 1, maxLength: 3 })

function sourceOf(handlers: readonly (readonly string[])[]): string {
  const routes = handlers.map(
    (statements, page) => `app.get('/${page}', (req, res) => {
  const page = ${page}, out = []
  ${statements.join('\n  ')}
  res.json(out)
})`,
  )
  return `const session = require('express-session')
const app = require('express')()
app.use(session({ secret: '${SECRET}', resave: false, saveUninitialized: false }))
${routes.join('\n')}
module.exports = app
`
}

test('whatever a handler reads and writes in plain ways, it does the same after the migration', async () => {
  vi.stubEnv('SESSION_SECRET', SECRET)
  let apps: RequestListener[] = []
  const serving = [0, 1].map((index) => serve((req, res) => apps[index]!(req, res)))
  const servers = await Promise.all(serving)
  await fc.assert(
    fc.asyncProperty(program, async (handlers) => {
      const before = new Map([['app.js', sourceOf(handlers)]])
      const { after, left } = migrate(before, 'sojourn')[0]!
      expect(left.map(({ what }) => what).filter((what) => /session\./.test(what))).toEqual([])
      expect(after).not.toContain(S)
      apps = [before, new Map([['app.js', after]])].map(
        (files) => load(files, 'app.js') as RequestListener,
      )
      const visitors = servers.map((visitor) => visitor())
      for (const page of [0, 0, 1, 2, 0, 1]) {
        const path = `/${page % handlers.length}`
        const [expected, found] = await Promise.all(visitors.map((visitor) => visitor('GET', path)))
        expect(expected!.status).toBe(200)
        expect(found).toEqual(expected)
      }
    }),
    { numRuns: Number(process.env['PROGRAMS'] ?? 150) },
  )
})
