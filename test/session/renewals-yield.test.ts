/** A renewal that nobody asked for never takes back what another request has done meanwhile. */

import { describe, expect, test } from 'vitest'
import { respond, withSessions } from '../../src/adapters/fetch.ts'
import { flask } from '../../src/flask/flask.ts'
import type { SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { OLD_SECRET, SECRET, T0, testSessions, Visitor } from './visitor.ts'

const DAY = 86_400_000
const FLASK = flask({ SECRET_KEY: SECRET })
const KINDS: [string, Partial<SessionOptions>][] = [
  ['signed', {}],
  ['encrypted', { encrypt: true }],
  ["Flask's", FLASK],
]

/** A visitor who comes back after four days, so that each visit renews the cookie. */
async function returning(options: Partial<SessionOptions>, work = signedIn) {
  const world = testSessions(options)
  const visitor = new Visitor(world.sessions)
  await visitor.visit(work)
  world.clock.now += 4 * DAY
  return { ...world, visitor, before: visitor.cookie! }
}

type Work = NonNullable<Parameters<Visitor['visit']>[0]>

const signedIn: Work = (session) => {
  session.permanent = true
  session.login('7')
}

const anonymous: Work = (session) => {
  session.permanent = true
  session.set('cart', ['tea'])
}

/** The Set-Cookie of a page that reads the session and takes this long. */
async function slowPage(
  { sessions, clock }: ReturnType<typeof testSessions>,
  cookie: string,
  milliseconds: number,
  meanwhile: () => unknown = () => {},
) {
  const page = withSessions(sessions, async (request) => {
    await sessions.get(request)
    clock.now += milliseconds
    await meanwhile()
    return new Response()
  })
  const request = new Request('http://localhost/', { headers: { cookie } })
  return (await page(request)).headers.getSetCookie()
}

describe.each(KINDS)('a %s cookie', (_, options) => {
  test('a slow page that only read does not undo a logout in another tab', async () => {
    const world = await returning(options)
    const lines = await slowPage(world, world.before, 5000, () =>
      world.visitor.visit((session) => session.logout()),
    )
    expect(lines).toEqual([])
    expect(world.visitor.cookie).toBeUndefined()
  })

  test('a slow page that only read does not undo a login in another tab', async () => {
    const world = await returning(options, anonymous)
    const lines = await slowPage(world, world.before, 5000, () =>
      world.visitor.visit((session) => session.login('8')),
    )
    expect(lines).toEqual([])
  })

  test('a visitor who reads quickly is still renewed, up to a second', async () => {
    const world = await returning(options)
    expect(await slowPage(world, world.before, 0)).toHaveLength(1)
    expect(await slowPage(world, world.before, 1000)).toHaveLength(1)
    expect(await slowPage(world, world.before, 1001)).toEqual([])
  })

  test('the time counts from the request, not from when the session was asked for', async () => {
    const { sessions, clock, before } = await returning(options)
    const page = withSessions(sessions, async (request) => {
      clock.now += 5000
      await sessions.get(request)
      return new Response()
    })
    const request = new Request('http://localhost/', { headers: { cookie: before } })
    expect((await page(request)).headers.getSetCookie()).toEqual([])
  })

  test('a slow page that changed something is saved', async () => {
    const { sessions, clock, before } = await returning(options)
    const page = withSessions(sessions, async (request) => {
      ;(await sessions.get(request)).set('x', 1)
      clock.now += 5000
      return new Response()
    })
    const request = new Request('http://localhost/', { headers: { cookie: before } })
    expect((await page(request)).headers.getSetCookie()).toHaveLength(1)
  })

  test('a commit without changes at the start of a slow page is not sent at its end', async () => {
    const { sessions, clock, before } = await returning(options)
    const request = new Request('http://localhost/', { headers: { cookie: before } })
    const response = await respond(sessions, [request], async () => {
      const headers = await (await sessions.get(request)).commit()
      expect(headers.getSetCookie()).toHaveLength(1)
      clock.now += 5000
      return new Response(null, { headers })
    })
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('what an early commit saved is sent, although the cookie was due for renewal', async () => {
    const { sessions, clock, before } = await returning(options)
    const request = new Request('http://localhost/', { headers: { cookie: before } })
    const response = await respond(sessions, [request], async () => {
      const session = await sessions.get(request)
      session.set('x', 1)
      await session.commit()
      clock.now += 5000
      return new Response()
    })
    const [line] = response.headers.getSetCookie()
    expect((await sessions.open(line!.split(';')[0])).get('x')).toBe(1)
  })

  test('a clock that was set back leaves the renewal to the next visit', async () => {
    const world = await returning(options)
    expect(await slowPage(world, world.before, -5000)).toEqual([])
  })
})

test('a cookie under a previous secret is signed anew by a quick page, not by a slow one', async () => {
  const elder = testSessions({ secret: OLD_SECRET })
  const visitor = new Visitor(elder.sessions)
  await visitor.visit(signedIn)
  const world = testSessions({ secret: [SECRET, OLD_SECRET] })
  expect(await slowPage(world, visitor.cookie!, 0)).toHaveLength(1)
  expect(await slowPage(world, visitor.cookie!, 5000)).toEqual([])
})

describe("Flask's preset", () => {
  test('a slow page that never asks for its session does not renew it either', async () => {
    const { sessions, clock, before } = await returning(FLASK)
    const page = withSessions(sessions, () => {
      clock.now += 5000
      return new Response()
    })
    const request = new Request('http://localhost/', { headers: { cookie: before } })
    const { headers } = await page(request)
    expect(headers.getSetCookie()).toEqual([])
    expect(headers.get('vary')).toBeNull()
  })

  test('permanent set on each request, to what it was, is a renewal too', async () => {
    const { sessions, clock, before } = await returning(FLASK)
    const page = (milliseconds: number) =>
      withSessions(sessions, async (request) => {
        ;(await sessions.get(request)).permanent = true
        clock.now += milliseconds
        return new Response()
      })(new Request('http://localhost/', { headers: { cookie: before } }))
    expect((await page(5000)).headers.getSetCookie()).toEqual([])
    expect((await page(0)).headers.getSetCookie()).toHaveLength(1)
  })
})

describe('with a store', () => {
  const stored = () => ({ store: memoryStore({ clock: () => T0 }), rotate: '1d' as const })

  test('a slow page renews the id, since the store knows whether it is the newest', async () => {
    const world = await returning(stored())
    expect(await slowPage(world, world.before, 5000)).toHaveLength(1)
  })

  test('an id that was renewed at the start of a slow page is not sent after a login', async () => {
    const { sessions, clock, before, visitor } = await returning(stored(), anonymous)
    const request = new Request('http://localhost/', { headers: { cookie: before } })
    const response = await respond(sessions, [request], async () => {
      await (await sessions.get(request)).commit()
      await visitor.visit((session) => session.login('8'))
      clock.now += 5000
      return new Response()
    })
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await visitor.read((session) => session.userId)).toBe('8')
  })
})
