import { describe, expect, test } from 'vitest'
import { csrfGuard, withSessions } from '../../src/adapters/fetch.ts'
import { FORM, GUARDED, visitors } from './csrf-site.ts'

type Body = NonNullable<RequestInit['body']>

describe('the guard of a Fetch handler', () => {
  /** Sends a form with nothing in its headers that would decide; says what the handler read of it. */
  async function sends(
    bodyWith: (token: string) => Body,
    headers: Record<string, string> = {},
    read: (request: Request) => Promise<unknown> = async () => undefined,
  ) {
    const { sessions, me } = await visitors()
    let seen: unknown
    const handler = withSessions(
      sessions,
      csrfGuard(sessions, async (request) => {
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

  test('a chunked MiB over the wire passes whole if the token comes first, and is refused if none does', async () => {
    const { sessions, me } = await visitors()
    const site = await GUARDED['Fetch']!(sessions)
    const long = Array.from({ length: 1024 }, () => 'a'.repeat(1024))
    const sends = async (first: string) => {
      const body = [first, ...long, '&act=buy']
      return (await site.ask({ method: 'POST', headers: [me.cookie, FORM], body })).status
    }
    expect(await sends(`_csrf=${me.token}&text=`)).toBe(200)
    expect(await sends('text=')).toBe(403)
    expect(site.done).toEqual(['POST buy'])
  })

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
    const guarded = csrfGuard(sessions, async () => new Response('done'))
    const handler = withSessions(sessions, async (request) => {
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
    const guarded = csrfGuard(sessions, async (_request, env: { name: string }) => {
      return new Response(env.name)
    })
    const handler = withSessions(sessions, guarded)
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
