import { describe, expect, test } from 'vitest'
import express from 'express'
import { csrfGuard, sessionMiddleware } from '../../src/adapters/express.ts'
import {
  csrfGuard as csrfFetchGuard,
  withSessions as withFetchSessions,
} from '../../src/adapters/fetch.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { T0, testSessions } from '../session/visitor.ts'
import { GUARDED, over1, type Sent } from './csrf-site.ts'

const OPTIONS = {
  'a signed cookie': {},
  'an encrypted cookie': { encrypt: true },
  'a store': { store: memoryStore({ clock: () => T0 }) },
}

type Body = NonNullable<RequestInit['body']>

const FORM = ['content-type', 'application/x-www-form-urlencoded'] as const

/** Sessions, and two visitors with their cookies and tokens. */
async function visitors(options: Parameters<typeof testSessions>[0] = {}) {
  const made = testSessions({ trustedOrigins: ['https://pay.example'], ...options })
  async function someone(userId: string) {
    const session = await made.sessions.open(undefined)
    session.login(userId)
    const [line = ''] = (await session.commit()).getSetCookie()
    return { cookie: ['cookie', line.split(';')[0]!] as const, token: session.csrfToken() }
  }
  return { ...made, me: await someone('ada'), her: await someone('grace') }
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
    if (adapter === 'Express') expect(answers[0]).toContain('Forbidden')
    else expect(answers[0]).toBe(ours)
  })
})

test.each(['Express', 'Fetch', 'node:http'])(
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

describe('Fetch', () => {
  /** Sends a form with nothing in its headers that would decide; says what the handler read of it. */
  async function sends(
    bodyWith: (token: string) => Body,
    headers: Record<string, string> = {},
    read: (request: Request) => Promise<unknown> = async () => undefined,
  ) {
    const { sessions, me } = await visitors()
    let seen: unknown
    const handler = withFetchSessions(
      sessions,
      csrfFetchGuard(sessions, async (request) => {
        seen = await read(request)
        return new Response('done')
      }),
    )
    const request = new Request('http://shop.example/', {
      method: 'POST',
      headers: { cookie: me.cookie[1], ...headers },
      body: bodyWith(me.token),
      duplex: 'half',
    })
    const { status } = await handler(request)
    return { status, seen }
  }

  const formData = (fields: [string, string | Blob][]) => {
    const form = new FormData()
    for (const [name, value] of fields) form.append(name, value)
    return form
  }

  test('finds the field in either kind of form, and the handler still has all of it', async () => {
    const urlencoded = await sends(
      (token) => new URLSearchParams({ act: 'buy', _csrf: token }),
      {},
      async (request) => (await request.formData()).get('act'),
    )
    expect(urlencoded).toEqual({ status: 200, seen: 'buy' })
    const file = new Blob(['x'.repeat(200_000)])
    const multipart = await sends(
      (token) =>
        formData([
          ['_csrf', token],
          ['file', file],
          ['act', 'buy'],
        ]),
      {},
      async (request) => {
        const form = await request.formData()
        return [form.get('act'), (form.get('file') as File).size]
      },
    )
    expect(multipart).toEqual({ status: 200, seen: ['buy', 200_000] })
    const parameters = { 'content-type': 'Application/X-WWW-Form-Urlencoded ; charset=UTF-8' }
    expect((await sends((token) => `a=1&_csrf=${token}`, parameters)).status).toBe(200)
  })

  test.each<[why: string, body: (token: string) => Body, headers?: Record<string, string>]>([
    ['a form without it', () => new URLSearchParams({ act: 'buy' })],
    ['another form without it', () => formData([['act', 'buy']])],
    ['another name', (token) => new URLSearchParams({ csrf: token, _CSRF: token })],
    [
      'another name in parts',
      (token) =>
        formData([
          ['_csrf2', token],
          ['x_csrf', token],
        ]),
    ],
    ['a file of that name', (token) => formData([['_csrf', new Blob([token])]])],
    ['text around it', (token) => formData([['_csrf', `${token} `]])],
    ['text', (token) => `_csrf=${token}`],
    ['JSON', (token) => JSON.stringify({ _csrf: token }), { 'content-type': 'application/json' }],
    ['no body', () => ''],
    ['a type of that name', (token) => `_csrf=${token}`, { 'content-type': '__proto__' }],
    [
      'a deflated form',
      (token) => `_csrf=${token}`.split('').reverse().join(''),
      { 'content-type': FORM[1], 'content-encoding': 'deflate' },
    ],
  ])('finds nothing in %s', async (_, body, headers) => {
    expect((await sends(body, headers)).status).toBe(403)
  })

  test.each([FORM[1], 'multipart/form-data; boundary=x'])(
    'reads 64 KiB of a form and no more, in search of the field: %s',
    async (type) => {
      let taken = 0
      const endless = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            taken += 1024
            controller.enqueue(new Uint8Array(1024).fill(97))
            if (taken >= 1024 * 1024) controller.close()
          },
        },
        { highWaterMark: 0 },
      )
      const { status } = await sends(() => endless, { 'content-type': type })
      expect(status).toBe(403)
      // Copying a stream fetches one chunk ahead.
      expect(taken).toBeGreaterThanOrEqual(64 * 1024)
      expect(taken).toBeLessThanOrEqual(66 * 1024)
    },
  )

  test('does not look into a body where the headers decide, or carry the token', async () => {
    for (const [name, value, status] of [
      ['sec-fetch-site', 'same-origin', 200],
      ['sec-fetch-site', 'cross-site', 403],
      ['origin', 'http://evil.example', 403],
      ['x-csrf-token', 'wrong', 403],
    ] as const) {
      let taken = 0
      const body = new ReadableStream<Uint8Array>(
        { pull: () => void (taken += 1) },
        { highWaterMark: 0 },
      )
      const headers = { 'content-type': FORM[1], [name]: value }
      expect((await sends(() => body, headers)).status).toBe(status)
      expect(taken).toBe(0)
    }
  })

  test('finds the field only within what it reads', async () => {
    const after = (bytes: number) => (token: string) =>
      new URLSearchParams([
        ['text', 'a'.repeat(bytes)],
        ['_csrf', token],
      ])
    expect((await sends(after(60_000))).status).toBe(200)
    expect((await sends(after(70_000))).status).toBe(403)
  })

  test('a body that was read before is no reason to fail in another way', async () => {
    const { sessions, me } = await visitors()
    const guarded = csrfFetchGuard(sessions, async () => new Response('done'))
    const handler = withFetchSessions(sessions, async (request) => {
      await request.text()
      return guarded(request)
    })
    const body = new URLSearchParams({ _csrf: me.token })
    const headers = { cookie: me.cookie[1] }
    const request = new Request('http://shop.example/', { method: 'POST', headers, body })
    expect((await handler(request)).status).toBe(403)
  })

  test('what the runtime passes besides the request is passed on', async () => {
    const { sessions } = await visitors()
    const guarded = csrfFetchGuard(sessions, async (_request, env: { name: string }) => {
      return new Response(env.name)
    })
    const handler = withFetchSessions(sessions, guarded)
    const response = await handler(new Request('http://shop.example/'), { name: 'staging' })
    expect(await response.text()).toBe('staging')
  })

  test.each([
    [{}, 'https://shop.example', 200],
    [{}, 'https://evil.example', 403],
    // Some servers put the address they listen on into the URL.
    [{ host: 'www.shop.example' }, 'https://www.shop.example', 200],
    [{ host: 'www.shop.example' }, 'https://shop.example', 403],
  ])('the host is in the Host header, or else in the URL: %j, %s', async (host, origin, status) => {
    expect((await sends(() => 'act=buy', { ...host, origin })).status).toBe(status)
  })
})
