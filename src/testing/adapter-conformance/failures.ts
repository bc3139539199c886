/** Adapter conformance: stores that are away, sessions too large, errors of the app, lost clients. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { codeOf, gate, it, matches, same, type Scenario } from './bench.ts'
import { count, text, type Page } from './site.ts'

const mistake: Page = async ({ open }) => {
  count(await open())
  throw new Error('a mistake of the app')
}

/** The scenarios on failures. */
export const failures: readonly Scenario[] = [
  it('too-large', 'a session too large for a cookie is an error, and no success', async (t) => {
    const noise = randomBytes(4500).toString('base64')
    const site = await t.site({
      '/fill': async ({ open }) => (await open()).set('big', noise) && 'done',
    })
    const ada = site.browser()
    await ada.read('/count')
    const answer = await ada.ask('/fill')
    same('status', answer.status, 500)
    same('shows the page', answer.text.includes('done'), false)
    same('session lines', answer.lines().length, 0)
    same('next count', await ada.read('/count'), '2')
  }),
  it('store-away', 'while the store is away a page is a 503 with Retry-After', async (t) => {
    const site = await t.site({}, { isStored: true })
    const ada = site.browser()
    await ada.read('/count')
    site.store.isAway = true
    const answer = await ada.ask('/count')
    same('status', answer.status, 503)
    same('session lines', answer.lines().length, 0)
    matches('Retry-After', answer.header('retry-after'), /^\d+$/)
    matches('Cache-Control', answer.header('cache-control'), /\bno-store\b/)
    site.store.isAway = false
    same('count afterwards', await ada.read('/count'), '2')
  }),
  it('commit-away', 'a page whose session cannot be saved is a 503', async (t) => {
    const site = await t.site(
      {
        '/lost': async ({ open }) => {
          count(await open())
          site.store.isAway = true
          return 'done'
        },
      },
      { isStored: true },
    )
    const ada = site.browser()
    await ada.read('/count')
    const answer = await ada.ask('/lost')
    same('status', answer.status, 503)
    same('shows the page', answer.text.includes('done'), false)
    matches('Retry-After', answer.header('retry-after'), /^\d+$/)
    site.store.isAway = false
    same('count afterwards', await ada.read('/count'), '2')
  }),
  it('throw-after-write', 'what was written before an error is saved, as in Flask', async (t) => {
    const ada = (await t.site({ '/throw': mistake })).browser()
    same('status', (await ada.ask('/throw')).status, 500)
    same('next count', await ada.read('/count'), '2')
  }),
  it('throw-text', 'what is thrown and is no error is a 500, and the app lives on', async (t) => {
    const site = await t.site({
      '/throw': () => {
        throw 'a text'
      },
    })
    const ada = site.browser()
    same('status', (await ada.ask('/throw')).status, 500)
    same('next page', await ada.read('/count'), '1')
  }),
  it('errorPage: error-page', 'the app’s error page can change the session', async (t) => {
    const site = await t.site(
      { '/throw': mistake, '/who': async ({ open }) => (await open()).get('failed') },
      {
        errorPage(error, session) {
          session.set('failed', (error as Error).message)
          return text(session.get('count'), { status: 500 })
        },
      },
    )
    const ada = site.browser()
    const answer = await ada.ask('/throw')
    same('status', answer.status, 500)
    same('text', answer.text, '1')
    same('count on the next page', await ada.read('/seen'), '1')
    same('what the error page wrote', await ada.read('/who'), 'a mistake of the app')
  }),
  it('errorPage: error-page-401', 'the app’s error page gets the 401 of signedIn', async (t) => {
    const site = await t.site(
      { '/mine': async ({ sessions, carrier }) => (await sessions.signedIn(carrier)).userId },
      { errorPage: (error) => text(codeOf(error), { status: 418 }) },
    )
    const answer = await site.browser().ask('/mine')
    same('status', answer.status, 418)
    same('text', answer.text, 'ERR_NOT_SIGNED_IN')
  }),
  it('client-gone', 'a client that goes away harms nobody', async (t) => {
    const [asked, gone, handled] = [gate(), gate(), gate()]
    const site = await t.site(
      {
        '/slow': async ({ open }) => {
          asked.open()
          await gone.passed
          count(await open())
          handled.open()
          return 'x'.repeat(100_000)
        },
      },
      { isStored: true },
    )
    const ada = site.browser()
    same('count', await ada.read('/count'), '1')
    const controller = new AbortController()
    const lost = ada.ask('/slow', { signal: controller.signal })
    await asked.passed
    controller.abort()
    await assert.rejects(lost)
    gone.open()
    await handled.passed
    matches('next count', await ada.read('/count'), /^[23]$/)
  }),
]
