/** Parallel requests of one visitor: no change is lost, and a logout is final. */

import { randomUUID } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import type { Express } from 'express'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import session from 'sojourn/express-session'
import { memoryStore } from 'sojourn/stores/memory'
import { redisStore } from 'sojourn/stores/redis'

import { type Site, startSite, visitorOf } from './site.ts'

const unique = `parallel:${randomUUID()}`

const options = {
  secret: 'an evening walk by the quiet harbour',
  resave: false,
  saveUninitialized: false,
}

let client: ReturnType<typeof createClient>
beforeAll(async () => {
  client = createClient({ url: process.env['REDIS_URL']! })
  await client.connect()
})
afterAll(async () => {
  client.destroy()
})

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const ALL = Object.fromEntries(KEYS.map((key) => [key, 1]))

/** Pages that wait for each other: `/meet` returns when as many requests as `of` are in it. */
function addPages(app: Express, meeting: { waiting: (() => void)[]; release?: () => void }): void {
  const meet = (of: number) =>
    new Promise<void>((resolve) => {
      meeting.waiting.push(resolve)
      if (meeting.waiting.length < of) return
      for (const go of meeting.waiting.splice(0)) go()
    })
  app.get('/begin', (req: any, res) => {
    // Every key is there before: a request that writes the whole session overwrites the others'.
    for (const key of KEYS) req.session[key] = 0
    res.json({})
  })
  app.get('/meet/:key/:of', async (req: any, res) => {
    await meet(Number(req.params.of))
    req.session[req.params.key] = 1
    res.json({})
  })
  app.get('/slow', async (req: any, res) => {
    const entered = new Promise<void>((resolve) => (meeting.release = resolve))
    meeting.waiting.splice(0).forEach((go) => go())
    await entered
    req.session.late = true
    res.json({})
  })
  app.get('/stream', async (req: any, res) => {
    res.write('begun')
    const entered = new Promise<void>((resolve) => (meeting.release = resolve))
    meeting.waiting.splice(0).forEach((go) => go())
    await entered
    req.session.late = true
    req.session.passport = { user: 'ann' }
    // Told by `save`, and again by the middleware, which closes the connection.
    req.session.save((error: any) => res.end(`, ${error?.code}`))
  })
  app.get('/logout', (req: any, res, next) => {
    req.session.destroy((error: unknown) => (error ? next(error) : res.json({})))
  })
  app.get('/hurry', (req: any, res) => {
    req.session.regenerate(() => {})
    req.session.user = 'ann'
    res.json({})
  })
  app.get('/look', (req: any, res) => res.json({ ...req.session, cookie: undefined }))
}

const WORLDS: [name: string, make: () => any][] = [
  ["express-session's MemoryStore shape", () => session(options)],
  [
    'connect-redis',
    () => session({ ...options, store: new RedisStore({ client, prefix: `${unique}:` }) }),
  ],
  ['our memory store', () => session({ ...options, store: memoryStore() })],
  ['our Redis store', () => session({ ...options, store: redisStore(client, { prefix: unique }) })],
]

describe.each(WORLDS)('on %s', (_name, make) => {
  let site: Site
  const meeting: { waiting: (() => void)[]; release?: () => void } = { waiting: [] }
  beforeAll(async () => {
    site = await startSite((app) => {
      app.use(make())
      addPages(app, meeting)
    })
  })
  afterAll(() => site.stop())

  test('eight parallel requests that each set another key all win', async () => {
    const visitor = site.visitor()
    await visitor.get('/begin')
    const pages = await Promise.all(KEYS.map((key) => visitor.get(`/meet/${key}/${KEYS.length}`)))
    expect(pages.map(({ status }) => status)).toEqual(KEYS.map(() => 200))
    expect((await visitor.get('/look')).json).toEqual(ALL)
  })

  test('a slow request that writes after a logout does not bring the session back', async () => {
    const visitor = site.visitor()
    await visitor.get('/begin')
    const stolen = new Map(visitor.cookies)
    const arrived = new Promise<void>((resolve) => meeting.waiting.push(resolve))
    const slow = visitorOf(site.url, new Map(stolen)).get('/slow')
    await arrived
    expect((await visitor.get('/logout')).status).toBe(200)
    meeting.release!()
    const { status, json } = await slow
    expect([status, json.code]).toEqual([409, 'ERR_SESSION_GONE'])
    expect((await visitorOf(site.url, stolen).get('/look')).json).toEqual({})
  })

  test('after a regenerate that the app does not wait for, nothing is saved under the id of before', async () => {
    const visitor = site.visitor()
    await visitor.get('/begin')
    const fixed = new Map(visitor.cookies)
    await visitor.get('/hurry')
    expect((await visitorOf(site.url, fixed).get('/look')).json).toEqual({})
    expect((await visitor.get('/look')).json).toEqual({ user: 'ann' })
  })

  test('a response that streams while its visitor logs out does not bring the session back', async () => {
    const visitor = site.visitor()
    await visitor.get('/begin')
    const stolen = new Map(visitor.cookies)
    const arrived = new Promise<void>((resolve) => meeting.waiting.push(resolve))
    const cookie = [...stolen].map((pair) => pair.join('=')).join('; ')
    const streaming = await fetch(`${site.url}/stream`, { headers: { cookie } })
    await arrived
    expect((await visitor.get('/logout')).status).toBe(200)
    meeting.release!()
    const chunks: string[] = []
    const decoder = new TextDecoder()
    try {
      for await (const chunk of streaming.body!) chunks.push(decoder.decode(chunk))
    } catch {
      chunks.push(', closed')
    }
    expect(chunks.join('')).toMatch(/^begun(, ERR_SESSION_GONE)?(, closed)?$/)
    expect((await visitorOf(site.url, stolen).get('/look')).json).toEqual({})
  })
})

test('on our Redis store two servers lose no key of parallel requests', async () => {
  const meeting = { waiting: [] }
  const [one, other] = await Promise.all(
    [0, 1].map(() =>
      startSite((app) => {
        app.use(session({ ...options, store: redisStore(client, { prefix: `${unique}:two` }) }))
        addPages(app, meeting)
      }),
    ),
  )
  const visitor = one!.visitor()
  await visitor.get('/begin')
  const second = visitorOf(other!.url, visitor.cookies)
  await Promise.all(
    KEYS.map((key, at) => (at % 2 ? visitor : second).get(`/meet/${key}/${KEYS.length}`)),
  )
  expect((await second.get('/look')).json).toEqual(ALL)
  await Promise.all([one!.stop(), other!.stop()])
})
