/** What a framework's `redirect()` throws in a Fetch handler is a response, so the session is saved. */

import { describe, expect, it } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { createSessions } from '../../src/index.ts'

const sessions = createSessions({ secret: 'thrown-responses-5b1f0c3a92d84e76' })

/** Next's `redirect()` and `notFound()`, as its `next/navigation` makes them. */
const next = (digest: string) => Object.assign(new Error(digest), { digest })

/** Signs in, and throws. */
async function answerTo(thrown: unknown, body?: RequestInit['body']): Promise<Response> {
  const handler = withSessions(sessions, async (request: Request) => {
    ;(await sessions.get(request)).login('ada')
    throw thrown
  })
  const init = { method: 'POST', ...(body !== undefined && { body }) }
  return handler(new Request('https://shop.example/login', init))
}

async function whoSignedIn(response: Response): Promise<string | undefined> {
  const [line] = response.headers.getSetCookie()
  return (await sessions.open(line?.split(';')[0])).userId
}

describe('a handler that signs in and then throws', () => {
  it.each([
    ['a Response, as in React Router and TanStack Start', Response.redirect('https://a.example/x')],
    ["SvelteKit's redirect", { status: 303, location: 'https://a.example/x' }],
    ["Next's redirect", next('NEXT_REDIRECT;replace;https://a.example/x;307;')],
  ])('%s: the visitor is signed in at the page behind it', async (_, thrown) => {
    const response = await answerTo(thrown)
    expect(response.status).toBeGreaterThanOrEqual(302)
    expect(response.headers.get('location')).toBe('https://a.example/x')
    expect(await whoSignedIn(response)).toBe('ada')
  })

  it('a redirect of Next to an address with semicolons leads there', async () => {
    const response = await answerTo(next('NEXT_REDIRECT;push;/a;b=1;c;303;'))
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/a;b=1;c')
  })

  it.each([
    [303, 'a form', new URLSearchParams({ password: 'x' })],
    [303, 'a form with files', new FormData()],
    [307, 'a text', 'x'],
  ])("Next's redirect has status %i after %s, as in Next: no form is sent twice", async (...of) => {
    const [status, , body] = of
    const response = await answerTo(next('NEXT_REDIRECT;replace;/;307;'), body)
    expect([response.status, response.headers.get('location')]).toEqual([status, '/'])
    expect(await whoSignedIn(response)).toBe('ada')
  })

  it("Next's notFound and forbidden keep their status, and the session is saved", async () => {
    const response = await answerTo(next('NEXT_HTTP_ERROR_FALLBACK;404'))
    expect(response.status).toBe(404)
    expect(await whoSignedIn(response)).toBe('ada')
  })

  it.each([
    ['an error', new Error('no')],
    [
      'an error with status and headers',
      Object.assign(new Error('no'), { status: 302, headers: {} }),
    ],
    [
      'what an HTTP client throws of another server',
      { status: 302, headers: { location: '/x', 'set-cookie': 'admin=1' }, data: 'inside' },
    ],
    ['another digest', next('DYNAMIC_SERVER_USAGE')],
    ['a digest that is cut off', next('NEXT_REDIRECT')],
    ['a status that redirects nowhere', { status: 404, location: '/x' }],
    ['text', 'no'],
    ['nothing', undefined],
  ])('%s is an error: it is thrown on', async (_, thrown) => {
    await expect(answerTo(thrown)).rejects.toBe(thrown)
  })
})
