import { describe, expect, test } from 'vitest'
import express from 'express'
import { csrfGuard, sessionMiddleware } from '../../src/adapters/express.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { T0 } from '../session/visitor.ts'
import { FORM, GUARDED, over1, type Sent, visitors } from './csrf-site.ts'

const OPTIONS = {
  'a signed cookie': {},
  'an encrypted cookie': { encrypt: true },
  'a store': { store: memoryStore({ clock: () => T0 }) },
}

describe.each(Object.keys(GUARDED))('a guarded form over the wire, %s', (adapter) => {
  test.each(Object.entries(OPTIONS))(
    'does what the site itself asks, sessions in %s',
    async (_, options) => {
      const { sessions, events, me, her } = await visitors(options)
      const site = await GUARDED[adapter]!(sessions)
      const own = ['origin', site.origin] as const
      const evil = ['origin', 'http://evil.example'] as const
      const fetchSite = (value: string) => ['sec-fetch-site', value] as const
      const mine = ['x-csrf-token', me.token] as const
      const hers = ['x-csrf-token', her.token] as const
      const body = (token?: string) =>
        new URLSearchParams({ act: 'buy', ...(token && { _csrf: token }) }).toString()

      const requests: [why: string, headers: (readonly [string, string])[], body?: string][] = [
        ['passes', [fetchSite('same-origin')]],
        ['passes', [fetchSite('same-origin'), own]],
        ['passes', [fetchSite('none')]],
        ['passes', [own]],
        ['passes', [['origin', 'https://pay.example'], fetchSite('cross-site')]],
        ['passes', [['origin', 'https://pay.example']]],
        ['cross-site', [evil, fetchSite('cross-site')]],
        ['cross-site', [evil, fetchSite('cross-site'), mine]],
        ['cross-site', [evil, fetchSite('cross-site')], body(me.token)],
        ['cross-site', [own, fetchSite('cross-site')]],
        ['origin', [evil]],
        ['origin', [evil, mine]],
        ['token', [['origin', 'null']]],
        ['token', [['origin', 'null'], fetchSite('same-site')]],
        ['token', [fetchSite('same-site'), ['origin', 'http://blog.localhost']]],
        ['passes', [fetchSite('same-site'), mine]],
        ['passes', [fetchSite('same-site')], body(me.token)],
        ['token', [fetchSite('same-site'), hers]],
        ['token', [fetchSite('same-site')], body(her.token)],
        ['token', [fetchSite('same-site'), hers], body(me.token)],
        ['token', []],
        ['passes', [mine]],
        ['passes', [], body(me.token)],
        // Headers that came twice say nothing, or nothing good.
        ['token', [fetchSite('same-origin'), fetchSite('cross-site')]],
        ['token', [fetchSite('cross-site'), fetchSite('same-origin')]],
        ['token', [fetchSite('none'), fetchSite('none')]],
        ['origin', [own, evil]],
        ['origin', [evil, own]],
        ['origin', [own, own]],
        ['cross-site', [['origin', 'https://pay.example'], evil, fetchSite('cross-site')]],
        ['token', [mine, mine]],
        ['token', [hers, mine]],
        // What a proxy or a library would believe decides nothing here.
        ['origin', [evil, ['x-forwarded-host', 'evil.example']]],
        ['origin', [evil, ['forwarded', 'host=evil.example']]],
        ['token', [['x-http-method-override', 'GET']]],
        ['token', [['referer', `${site.origin}/`]]],
        ['token', [['x-requested-with', 'XMLHttpRequest']]],
      ]
      for (const [why, headers, given = body()] of requests) {
        const told = `${JSON.stringify(headers)} ${given}`
        events.length = site.done.length = 0
        const answer = await site.ask({
          method: 'POST',
          headers: [FORM, me.cookie, ...headers],
          body: given,
        })
        const passes = why === 'passes'
        expect(answer.status, told).toBe(passes ? 200 : 403)
        expect(site.done, told).toEqual(passes ? ['POST buy'] : [])
        expect(
          events.filter(({ type }) => type === 'csrf-refused'),
          told,
        ).toEqual(passes ? [] : [{ type: 'csrf-refused', why }])
      }
      // A visitor whom nothing is known of: only what browsers say of another site counts.
      for (const [status, headers] of [
        [200, []],
        [403, [evil]],
        [403, [fetchSite('cross-site')]],
        [403, [fetchSite('same-site'), mine]],
        [403, [['origin', 'null']]],
      ] as [number, (readonly [string, string])[]][]) {
        const answer = await site.ask({ method: 'POST', headers: [FORM, ...headers], body: body() })
        expect(answer.status, JSON.stringify(headers)).toBe(status)
      }
    },
  )

  test('whatever the method, if it is none that only asks', async () => {
    const { sessions, me } = await visitors()
    const site = await GUARDED[adapter]!(sessions)
    const headers: Sent['headers'] = [me.cookie, ['origin', 'http://evil.example']]
    for (const method of ['PUT', 'PATCH', 'DELETE', 'SEARCH', 'MERGE']) {
      expect((await site.ask({ method, headers })).status, method).toBe(403)
    }
    expect(site.done).toEqual([])
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect((await site.ask({ method, headers })).status, method).toBe(200)
    }
  })

  test('a refusal is one fixed answer that no cache keeps, and changes no session', async () => {
    const { sessions, me } = await visitors()
    const site = await GUARDED[adapter]!(sessions)
    const answers = []
    for (const header of [
      ['origin', 'http://evil.example'],
      ['sec-fetch-site', 'cross-site'],
      ['sec-fetch-site', 'same-site'],
    ] as const) {
      const { status, headers, body } = await site.ask({
        method: 'POST',
        headers: [me.cookie, header],
      })
      expect(headers.get('set-cookie')).toBeNull()
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('vary')).toBe('Cookie')
      answers.push(`${status} ${body}`)
    }
    expect(new Set(answers).size).toBe(1)
    const ours =
      '403 This did not come from a page of this site. Please reload the page and try again.\n'
    if (adapter.startsWith('Express')) expect(answers[0]).toContain('Forbidden')
    else expect(answers[0]).toBe(ours)
  })
})

test.each(['Express', 'Express 4', 'Fetch', 'node:http'])(
  'the host is that of the Host header, %s',
  async (adapter) => {
    const { sessions, me } = await visitors()
    const site = await GUARDED[adapter]!(sessions)
    const posts = async (host: string, origin: string) => {
      const headers = [['host', host], me.cookie, ['origin', origin]] as const
      return (await site.ask({ method: 'POST', headers })).status
    }
    expect(await posts('shop.example', 'https://shop.example')).toBe(200)
    expect(await posts('shop.example:443', 'https://shop.example')).toBe(200)
    expect(await posts('shop.example', 'https://shop.example:444')).toBe(403)
    expect(await posts('shop.example', site.origin)).toBe(403)
  },
)

test('over HTTP/2 the host is :authority, whatever a Host header says', async () => {
  const { sessions, me } = await visitors()
  const site = await GUARDED['node:http2']!(sessions)
  const headers: Sent['headers'] = [
    me.cookie,
    ['host', 'evil.example'],
    ['origin', 'http://evil.example'],
  ]
  expect((await site.ask({ method: 'POST', headers })).status).toBe(403)
})

describe('Express', () => {
  test('takes the token from a parsed body only where it is text of its own', async () => {
    const { sessions, me } = await visitors()
    const site = await GUARDED['Express']!(sessions)
    const posts = async (type: string, body: string) => {
      const headers = [me.cookie, ['content-type', type]] as const
      return (await site.ask({ method: 'POST', headers, body })).status
    }
    const { token } = me
    const json = 'application/json'
    expect(await posts(json, JSON.stringify({ _csrf: token }))).toBe(200)
    expect(await posts(json, JSON.stringify({ _csrf: [token] }))).toBe(403)
    expect(await posts(json, `{"__proto__":{"_csrf":"${token}"}}`)).toBe(403)
    expect(await posts(json, '[]')).toBe(403)
    expect(await posts(FORM[1], `_csrf=${token}`)).toBe(200)
    expect(await posts(FORM[1], `_csrf=${token}&_csrf=${token}`)).toBe(403)
    expect(await posts('text/plain', `_csrf=${token}`)).toBe(403)
  })

  test('takes no token that a body has from elsewhere than itself', async () => {
    const { sessions, me } = await visitors()
    const app = express().set('env', 'production').use(sessionMiddleware(sessions))
    app.use((req, _res, next) => {
      req.body = Object.create({ _csrf: me.token })
      next()
    })
    app.use(csrfGuard(sessions), (_req, res) => void res.send('done'))
    const site = await over1(app, [])
    expect((await site.ask({ method: 'POST', headers: [me.cookie] })).status).toBe(403)
  })

  test('no method that a middleware makes of another opens a way around', async () => {
    const { sessions, me } = await visitors()
    for (const place of ['before', 'after'] as const) {
      const done: string[] = []
      const app = express()
      const override = express.Router().use((req, _res, next) => {
        req.method = req.get('x-http-method-override') ?? req.method
        next()
      })
      if (place === 'before') app.use(override, sessionMiddleware(sessions))
      else app.use(sessionMiddleware(sessions), override)
      app.use(csrfGuard(sessions), (req, res) => {
        done.push(req.method)
        res.end()
      })
      const site = await over1(app, done)
      const asks = (method: string, becomes: string) => {
        const evil = ['origin', 'http://evil.example'] as const
        const headers = [me.cookie, evil, ['x-http-method-override', becomes]] as const
        return site.ask({ method, headers })
      }
      await asks('GET', 'DELETE')
      await asks('POST', 'DELETE')
      // What came as a POST is one, where the session saw it come.
      if (place === 'after') await asks('POST', 'GET')
      expect(done).toEqual([])
    }
  })

  test('sessions.current() still knows the request behind the guard', async () => {
    const { sessions, me } = await visitors()
    const done: string[] = []
    const app = express().use(sessionMiddleware(sessions), csrfGuard(sessions))
    app.use(async (_req, res) => {
      done.push((await sessions.current()).userId!)
      res.end()
    })
    const site = await over1(app, done)
    await site.ask({ method: 'POST', headers: [me.cookie, ['x-csrf-token', me.token]] })
    expect(done).toEqual(['ada'])
  })
})
