/** Errors of the app's own functions and values: they reach `next`, and the process goes on. */

import session from 'sojourn/express-session'
import { memoryStore } from 'sojourn/stores/memory'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startSite } from './site.ts'

const SAID = { secret: 'an evening walk by the quiet harbour', saveUninitialized: false }

/** What nobody has caught: it would have ended the process. */
const uncaught: unknown[] = []
const note = (error: unknown) => void uncaught.push(error)
beforeEach(() => {
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
afterEach(() => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
  const [first] = uncaught.splice(0)
  if (first !== undefined) throw first as Error
})

/** What `next` got. */
const told: string[] = []

async function site(options: object) {
  told.length = 0
  const started = await startSite((app) => {
    app.use(session({ ...SAID, ...options }))
    app.get('/look', (req: any, res) => res.json({ ...req.session, cookie: undefined }))
    app.get('/late', (req: any, res) => {
      res.write('first')
      setTimeout(() => {
        req.session.big = 1n
        res.end('last')
      }, 5)
    })
    app.use((error: Error, _req: any, _res: any, next: any) => {
      told.push(error.message)
      next(error)
    })
  })
  onTestFinished(() => started.stop())
  return started.visitor()
}

const STORES: [string, () => object][] = [
  ["express-session's rows", () => ({})],
  ['a store of ours', () => ({ store: memoryStore() })],
  ['the cookie', () => ({ store: 'cookie' })],
]

describe.each(STORES)('on %s', (_name, store) => {
  test('genid that throws', async () => {
    const genid = () => {
      throw new Error('no ids left')
    }
    const visitor = await site({ ...store(), genid })
    expect(await visitor.get('/look')).toMatchObject({
      status: 500,
      json: { message: 'no ids left' },
    })
  })

  test('a cookie function that returns an invalid maxAge', async () => {
    const visitor = await site({ ...store(), cookie: () => ({ maxAge: '1d' }) })
    const { status, json } = await visitor.get('/look')
    expect([status, json.message]).toEqual([500, 'maxAge must be a number or Date'])
  })

  test('a value that JSON does not have, set after the first byte', async () => {
    const visitor = await site(store())
    // Express may close the connection, since the headers are sent.
    await visitor.get('/late').catch(() => {})
    expect(told).toEqual([expect.stringMatching(/BigInt/)])
  })
})

test('a row whose cookie cannot be read', async () => {
  class Rows extends session.Store {
    get(_id: string, done: any) {
      done(null, { cookie: { maxAge: '1d' }, user: 'ann' })
    }
    set(_id: string, _row: unknown, done: any) {
      done()
    }
    destroy(_id: string, done: any) {
      done()
    }
  }
  const { createHmac } = await import('node:crypto')
  const mac = createHmac('sha256', SAID.secret).update('an-id').digest('base64').replace(/=+$/, '')
  const visitor = await site({ store: new Rows() })
  visitor.cookies.set('connect.sid', encodeURIComponent(`s:an-id.${mac}`))
  expect((await visitor.get('/look')).status).toBe(500)
})
