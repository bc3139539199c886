import { connect } from 'node:net'
import express from 'express'
import { describe, expect, test } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { refusalOf } from '../../src/session/explain/refusal.ts'
import { SessionError } from '../../src/index.ts'
import { ADAPTERS } from './adapters.ts'
import { browser, expressSite, inLanes, type Page, serve } from './site.ts'
import { barrier, sessionsOn, STORES, storeOf, through } from './stores.ts'

const PAGES: Record<string, Page> = {
  'sign-in': (session, query) => {
    session.login(query.get('user')!)
    session.set('seen', 0)
    return new URL('http://site/home')
  },
  home: (session) => [session.userId ?? 'nobody', session.get('seen') ?? 'nothing'],
}

describe.each(STORES)('promise 3, durable before the first byte, on %s', (name) => {
  test('two hundred redirects after a login never outrun their sessions, at whichever server they arrive', async () => {
    const { store, again } = await storeOf(name)
    const here = await expressSite(sessionsOn(store).sessions, PAGES)
    const there = await expressSite(sessionsOn(await again()).sessions, PAGES)
    await inLanes(200, 4, async (n) => {
      const login = await browser(here).ask(`sign-in?user=u${n}`)
      expect([login.status, login.headers.get('location')]).toEqual([303, '/home'])
      const next = browser(n % 2 ? there : here, login.setCookie!.split(';')[0])
      expect((await next.ask('home')).shown).toEqual([`u${n}`, 0])
    })
  })

  test('no byte leaves before the store has answered', async () => {
    const { store } = await storeOf(name)
    const saving = barrier()
    const { sessions } = sessionsOn(
      through(store, async (verb, _args, call) => {
        const answer = await call()
        if (verb === 'insert') await saving.wait()
        return answer
      }),
    )
    const url = await expressSite(sessions, PAGES)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const over = new Promise((closed) => socket.on('close', closed))
    let received = ''
    socket.on('data', (chunk) => (received += String(chunk)))
    socket.write('GET /sign-in?user=ann HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n')
    await saving.reached()
    // Bytes that had left would arrive before the answer to a second connection.
    await browser(url).ask('home')
    expect(received).toBe('')
    saving.open()
    await over
    expect(received).toMatch(/^HTTP\/1\.1 303 /)
    expect(received).toMatch(/\r\nset-cookie: session=[\w-]/i)
  })

  test.each(Object.keys(ADAPTERS))(
    'a session that cannot be kept is an error at the client, not a success, through %s',
    async (adapter) => {
      const { store } = await storeOf(name)
      const { sessions, events } = sessionsOn(
        through(store, (verb, _args, call) =>
          verb === 'read' ? call() : Promise.reject(new Error('The disk is full.')),
        ),
      )
      const visitor = browser(
        await ADAPTERS[adapter]!(
          sessions,
          async (open) => (await open()).set('draft', 'text').size,
        ),
      )
      const answer = await visitor.ask('')
      expect(answer.status).toBe(503)
      expect(answer.setCookie).toBeUndefined()
      expect(answer.body).toBe(refusalOf(undefined).body)
      expect(events).toEqual([{ type: 'commit-failed', code: 'ERR_STORE_UNAVAILABLE' }])
    },
  )

  test('what was kept is kept on error pages too', async () => {
    const { store } = await storeOf(name)
    const { sessions } = sessionsOn(store)
    const url = await expressSite(sessions, {
      ...PAGES,
      fails(session) {
        session.login('ann')
        throw Object.assign(new Error('No such page.'), { status: 404 })
      },
    })
    const visitor = browser(url)
    expect((await visitor.visit('fails')).status).toBe(404)
    expect((await visitor.visit('home')).shown).toEqual(['ann', 'nothing'])
  })

  test('at the first byte the session freezes, and what is written later is refused where it stands', async () => {
    const { store } = await storeOf(name)
    const { sessions } = sessionsOn(store)
    const refused: unknown[] = []
    const app = express().use(sessionMiddleware(sessions))
    app.get('/stream', async (req, res) => {
      const session = await sessions.get(req)
      session.login('ann')
      session.set('seen', 1)
      res.write('first ')
      const late: (() => unknown)[] = [
        () => session.set('seen', 2),
        () => session.update('seen', () => 2),
        () => session.delete('seen'),
        () => session.clear(),
        () => session.flash('Too late.'),
        () => session.login('bob'),
        () => session.logout(),
        () => session.regenerate(),
      ]
      for (const write of late) {
        try {
          write()
        } catch (error) {
          refused.push(error instanceof SessionError && error.code)
        }
      }
      res.end('last')
    })
    app.get('/home', async (req, res) => {
      const session = await sessions.get(req)
      res.json([session.userId, session.get('seen'), session.flashes()])
    })
    const url = await serve(app)
    const response = await fetch(`${url}/stream`)
    expect(await response.text()).toBe('first last')
    expect(refused).toEqual(Array.from({ length: 8 }, () => 'ERR_SESSION_COMMITTED'))
    const visitor = browser(url, response.headers.getSetCookie()[0]!.split(';')[0])
    expect((await visitor.visit('home')).shown).toEqual(['ann', 1, []])
  })
})
