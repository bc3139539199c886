/** Adapter conformance: stores that are away, sessions too large, errors of the app, lost clients. */

import assert from 'node:assert/strict'
import { codeOf, count, gate, it, itWith, matches, page, same, type Scenario } from './bench.ts'

/** The scenarios on failures. */
export const failures: readonly Scenario[] = [
  it('too-large', 'a session too large for a cookie is an error, and no success', async (t) => {
    const site = await t.site(async ({ open, path }) => {
      const session = await open()
      if (path !== '/fill') return page(count(session))
      const noise = Array.from({ length: 6000 }, () => Math.floor(Math.random() * 36).toString(36))
      session.set('big', noise.join(''))
      return page('done')
    })
    const ada = site.browser()
    await ada.read()
    const answer = await ada.ask('/fill')
    same('status', answer.status, 500)
    same('shows the page', answer.text.includes('done'), false)
    same('session lines', answer.lines().length, 0)
    same('next count', await ada.read(), '2')
  }),
  it(
    'store-away',
    'while the store is away a page that reads is a 503 with Retry-After',
    async (t) => {
      const site = await t.site(async ({ open }) => page(count(await open())), { isStored: true })
      const ada = site.browser()
      await ada.read()
      site.store.isAway = true
      const answer = await ada.ask()
      same('status', answer.status, 503)
      matches('Retry-After', answer.headers.get('retry-after'), /^\d+$/)
      matches('Cache-Control', answer.headers.get('cache-control'), /\bno-store\b/)
      same('cookies', answer.lines().length, 0)
      site.store.isAway = false
      same('count afterwards', await ada.read(), '2')
    },
  ),
  it(
    'commit-away',
    'a page whose session cannot be saved is a 503, and not the page',
    async (t) => {
      const site = await t.site(
        async ({ open, path }) => {
          const n = count(await open())
          if (path === '/lost') site.store.isAway = true
          return page(path === '/lost' ? 'done' : n)
        },
        { isStored: true },
      )
      const ada = site.browser()
      await ada.read()
      const answer = await ada.ask('/lost')
      same('status', answer.status, 503)
      same('shows the page', answer.text.includes('done'), false)
      matches('Retry-After', answer.headers.get('retry-after'), /^\d+$/)
      site.store.isAway = false
      same('count afterwards', await ada.read(), '2')
    },
  ),
  it('throw-after-write', 'what was written before an error is saved, as in Flask', async (t) => {
    const site = await t.site(async ({ open, path }) => {
      const n = count(await open())
      if (path === '/throw') throw new Error('a mistake of the app')
      return page(n)
    })
    const ada = site.browser()
    same('status', (await ada.ask('/throw')).status, 500)
    same('next count', await ada.read(), '2')
  }),
  it(
    'throw-nothing',
    'what is thrown and is no error is a 500, and the app lives on',
    async (t) => {
      const site = await t.site(({ path }) => {
        if (path === '/throw') throw 'a text'
        return page('alive')
      })
      const ada = site.browser()
      same('status', (await ada.ask('/throw')).status, 500)
      same('next page', await ada.read(), 'alive')
    },
  ),
  itWith(
    'errorPage',
    'error-page',
    'the app’s own error page sees the session, and can change it',
    async (t) => {
      const site = await t.site(
        async ({ open, path }) => {
          const session = await open()
          if (path !== '/throw') return page([session.get('count'), session.get('failed')])
          count(session)
          throw new Error('a mistake of the app')
        },
        {
          async errorPage(error, carrier) {
            const session = await site.sessions.get(carrier)
            session.set('failed', (error as Error).message)
            return page(session.get('count'), { status: 500 })
          },
        },
      )
      const ada = site.browser()
      const answer = await ada.ask('/throw')
      same('status', answer.status, 500)
      same('text', answer.text, '1')
      same('next page', await ada.read(), '1,a mistake of the app')
    },
  ),
  itWith(
    'errorPage',
    'error-page-401',
    'the app’s own error page gets the 401 of signedIn',
    async (t) => {
      const site = await t.site(
        async ({ carrier }) => page((await site.sessions.signedIn(carrier)).userId),
        {
          async errorPage(error) {
            return page(codeOf(error), { status: 418 })
          },
        },
      )
      const answer = await site.browser().ask()
      same('status', answer.status, 418)
      same('text', answer.text, 'ERR_NOT_SIGNED_IN')
    },
  ),
  it('client-gone', 'a client that goes away harms nobody', async (t) => {
    const asked = gate()
    const gone = gate()
    const handled = gate()
    const site = await t.site(
      async ({ open, path }) => {
        if (path !== '/slow') return page(count(await open()))
        asked.open()
        await gone.passed
        count(await open())
        handled.open()
        return page('x'.repeat(100_000))
      },
      { isStored: true },
    )
    const ada = site.browser()
    same('count', await ada.read(), '1')
    const controller = new AbortController()
    const lost = ada.ask('/slow', { signal: controller.signal })
    await asked.passed
    controller.abort()
    await assert.rejects(lost)
    gone.open()
    await handled.passed
    const next = Number(await ada.read())
    assert.ok(next === 2 || next === 3, `next count: ${next}`)
  }),
]
