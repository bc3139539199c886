/** The same random programs on `req.session`, with express-session and with the drop-in. */

import fc from 'fast-check'
import real from 'express-session'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import session from 'sojourn/express-session'
import { memoryStore } from 'sojourn/stores/memory'
import { addPrograms, visits } from './programs.ts'
import { type Site, startSite } from './site.ts'

const options = {
  secret: 'an evening walk by the quiet harbour',
  resave: false,
  saveUninitialized: false,
}

let model: Site
beforeAll(async () => {
  model = await startSite((app) => {
    app.use(real(options))
    addPrograms(app)
  })
})
afterAll(() => model.stop())

describe.each([
  ["with express-session's cookie and rows", () => session(options)],
  [
    "on express-session's MemoryStore",
    () => session({ ...options, store: new real.MemoryStore() }),
  ],
  ['on a store of ours', () => session({ ...options, store: memoryStore() })],
  ['with the session in the cookie', () => session({ ...options, store: 'cookie' as const })],
])('%s', (_name, make) => {
  let site: Site
  beforeAll(async () => {
    site = await startSite((app) => {
      app.use(make())
      addPrograms(app)
    })
  })
  afterAll(() => site.stop())

  test('a random program of sets, deletes, nested changes and calls sees what it sees with express-session', async () => {
    await fc.assert(
      fc.asyncProperty(visits, async (programs) => {
        const theirs = model.visitor()
        const ours = site.visitor()
        let before: { id: string; theirId: string } | undefined
        for (const program of programs) {
          const expected = await theirs.post('/run', program)
          const found = await ours.post('/run', program)
          expect(found.json.seen).toEqual(expected.json.seen)
          if (before) {
            expect(found.json.id === before.id).toBe(expected.json.id === before.theirId)
          }
          // express-session sends no cookie for an empty session that `save()` has saved, nor for a new
          // one that `req.session = null` came after: new is also that of a request after `destroy`.
          const last = expected.json.seen.at(-1)
          const isNew = !before || expected.json.id !== before.theirId
          if (last ? Object.keys(last.data).length === 0 : isNew) return
          before = { id: found.json.id, theirId: expected.json.id }
        }
      }),
      { numRuns: 150 },
    )
  })
})
