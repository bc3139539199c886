import type { RequestListener } from 'node:http'
import { expect, test, vi } from 'vitest'
import { migrate } from '../../packages/migrate/src/migrate.ts'
import { filesIn } from './apps.ts'
import { load, SECRET, serve } from './run-app.ts'

const REQUESTS: readonly [string, string, unknown?][] = [
  ['GET', '/'],
  ['POST', '/theme/dark'],
  ['POST', '/login', { name: 'Ada' }],
  ['GET', '/'],
  ['POST', '/theme/dark'],
  ['POST', '/theme/darker'],
  ['GET', '/cart'],
  ['POST', '/cart', { sku: 'tea', qty: 2 }],
  ['POST', '/cart', { sku: 'jam', qty: 1 }],
  ['PATCH', '/cart/jam', { qty: 5 }],
  ['PATCH', '/cart/none', { qty: 5 }],
  ['GET', '/cart'],
  ['DELETE', '/cart'],
  ['GET', '/cart'],
  ['POST', '/logout'],
  ['GET', '/'],
]

test('an app of several files answers the same requests the same before, on express-session, and after', async () => {
  vi.stubEnv('SHOP_SECRET', SECRET)
  const before = filesIn('shop', 'before')
  const after = new Map(migrate(before, 'sojourn').map(({ path, after }) => [path, after]))
  expect([...after.values()].join('')).not.toMatch(/req\.session|express-session/)
  const visitors = await Promise.all(
    [before, after].map((files) => serve(load(files, 'app.js') as RequestListener)),
  )
  const [old, fresh] = visitors.map((visitor) => visitor())
  for (const [method, path, body] of REQUESTS) {
    const expected = await old!(method, path, body)
    expect(expected.status).toBeLessThan(500)
    expect(await fresh!(method, path, body), `${method} ${path}`).toEqual(expected)
  }
})
