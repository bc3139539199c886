import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Races, startRaces } from '../../demo/races/app.ts'
import { type Place, placeAt } from '../../demo/races/place.ts'
import { race, type RaceOptions } from '../../demo/races/run.ts'
import { type Redis, startRedis } from '../servers/redis.ts'

// The page of demo/races, on one Redis. Requests are held between read and write, so that no result
// depends on a clock or on luck.

let redis: Redis
let place: Place
let races: Races

beforeAll(async () => {
  redis = await startRedis()
  place = await placeAt(redis.url)
  races = await startRaces(place, 0)
})

afterAll(async () => {
  await races?.close()
  await place?.close()
  await redis?.stop()
})

function raced(path: string, order: RaceOptions['order'] = 'all-read-first') {
  const contender = races.contenders.find((found) => found.path === path)!
  return race(contender, { url: `${races.origin}/${path}`, increments: 1000, order })
}

const IN_HANDLER = 'in the handler'

describe('promise 1 and 2 beside other libraries, on Redis', () => {
  test.for<RaceOptions['order']>(['all-read-first', 'as-it-comes'])(
    'session.update counts 1 000 of 1 000 requests, and every key is kept: %s',
    async (order) => {
      expect(await raced('sojourn', order)).toEqual({
        name: 'Sojourn',
        counted: 1000,
        keys: 50,
        afterLogout: [
          { where: IN_HANDLER, signedInAgain: false, status: 409 },
          { where: 'inside the commit', signedInAgain: false, status: 409 },
        ],
      })
    },
  )

  test.for([
    ['express-session', 'express-session'],
    ['fastify-session', '@fastify/session'],
  ] as const)(
    'of requests that all read first, %s keeps the last, and a slow one undoes the logout',
    async ([path, name]) => {
      expect(await raced(path)).toEqual({
        name,
        counted: 1,
        keys: 1,
        afterLogout: [{ where: IN_HANDLER, signedInAgain: true, status: 200 }],
      })
    },
  )

  test('of requests that all read first, better-auth keeps the last; a slow handler is refused after the logout, and an update in between is not', async () => {
    expect(await raced('better-auth')).toEqual({
      name: 'better-auth',
      counted: 1,
      keys: 1,
      afterLogout: [
        { where: IN_HANDLER, signedInAgain: false, status: 401 },
        { where: 'inside updateSession', signedInAgain: true, status: 200 },
      ],
    })
  })
})

describe('the drop-in for express-session, on our store on Redis', () => {
  const FINAL = [
    { where: IN_HANDLER, signedInAgain: false, status: 409 },
    { where: 'inside the commit', signedInAgain: false, status: 409 },
  ]

  test.for<RaceOptions['order']>(['all-read-first', 'as-it-comes'])(
    'counts 1 000 of 1 000 requests by update, keeps every key of req.session, and a logout is final: %s',
    async (order) => {
      expect(await raced('drop-in-update', order)).toEqual({
        name: "Sojourn's drop-in, with update",
        counted: 1000,
        keys: 50,
        afterLogout: FINAL,
      })
    },
  )

  test('cannot merge req.session.count++, which says a number and not an increment: the last one wins', async () => {
    expect(await raced('drop-in-bag')).toEqual({
      name: "Sojourn's drop-in",
      counted: 1,
      keys: 50,
      afterLogout: FINAL,
    })
  })
})

describe('the race page', () => {
  test('runs all races by one form, and shows what each library kept', async () => {
    const few = await startRaces(place, 0, 20)
    onTestFinished(() => few.close())
    expect(await (await fetch(few.origin)).text()).toContain('No race was run yet.')
    const body = new URLSearchParams({ order: 'all-read-first' })
    const page = await fetch(`${few.origin}/race`, { method: 'POST', body })
    const text = (await page.text()).replaceAll(/<[^>]+>|\s+/g, ' ').replaceAll(/\s+/g, ' ')
    expect(text).toMatch(/express-session .{0,120}? 1 of 20 .*? 1 of 50 signed in again/)
    expect(text).toMatch(/drop-in sojourn.express-session, redisStore .{0,60}? 1 of 20 50 of 50/)
    expect(text).toMatch(/Sojourn redisStore .{0,120}? 20 of 20 50 of 50 stays signed out/)
  })
})
