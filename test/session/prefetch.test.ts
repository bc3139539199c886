/** A prefetch is a read: the visitor may never open the page. */

import { describe, expect, it } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/testing.ts'

const PREFETCHES = [
  ['sec-purpose', 'prefetch'],
  ['sec-purpose', 'prefetch;prerender'],
  ['sec-purpose', 'prefetch;anonymous-client-ip'],
  ['purpose', 'prefetch'],
  ['next-router-prefetch', '1'],
] as const

describe.each(['cookie', 'memory'] as const)('a prefetch, with sessions in the %s', (where) => {
  const clock = fakeClock()
  const sessions = createSessions({
    secret: 'prefetching-pages-81c2f7e09ab3d456',
    lifetime: { idle: '1h' },
    clock,
    ...(where === 'memory' ? { store: memoryStore() } : {}),
  })
  const page = withSessions(sessions, async (request: Request) => {
    const session = await sessions.get(request)
    const { searchParams } = new URL(request.url)
    if (searchParams.has('write')) session.update('visits', (n = 0) => n + 1)
    return Response.json(session.flashes())
  })

  async function cookieWithFlash(): Promise<string> {
    const session = await sessions.open(null)
    session.flash('Saved')
    return (await session.commit()).getSetCookie()[0]!.split(';')[0]!
  }

  const ask = (cookie: string, headers: Record<string, string> = {}, query = '', method = 'GET') =>
    page(new Request(`https://shop.example/${query}`, { method, headers: { cookie, ...headers } }))

  it.each(PREFETCHES)('%s: %s shows flash messages and leaves them there', async (name, value) => {
    const cookie = await cookieWithFlash()
    const prefetched = await ask(cookie, { [name]: value })
    expect(await prefetched.json()).toEqual([{ category: 'message', message: 'Saved' }])
    expect(prefetched.headers.getSetCookie()).toEqual([])
    expect(await (await ask(cookie)).json()).toEqual([{ category: 'message', message: 'Saved' }])
  })

  it('is refused if the page writes: the browser then asks again when the visitor opens it', async () => {
    const cookie = await cookieWithFlash()
    const prefetched = await ask(cookie, { 'sec-purpose': 'prefetch' }, '?write')
    expect(prefetched.status).toBe(503)
    expect(prefetched.headers.get('cache-control')).toBe('no-store')
    expect((await ask(cookie, {}, '?write')).status).toBe(200)
  })

  it('renews no session', async () => {
    const cookie = await cookieWithFlash()
    clock.advance(50 * 60_000)
    await ask(cookie, { 'sec-purpose': 'prefetch' })
    clock.advance(20 * 60_000)
    expect(await (await ask(cookie)).json()).toEqual([])
  })

  it.each([
    ['a form', 'POST', { 'sec-purpose': 'prefetch' }],
    ['another purpose', 'GET', { purpose: 'preview-of-nothing', 'sec-purpose': 'other' }],
  ])('%s is none', async (_, method, headers) => {
    const response = await ask(await cookieWithFlash(), headers, '?write', method)
    expect(response.status).toBe(200)
  })
})
