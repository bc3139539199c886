/** Adapter conformance: `sessions.current()`, bodies that are read late, many requests at once. */

import { setImmediate as turn } from 'node:timers/promises'
import { count, it, itWith, page, same, type Browser, type Page, type Scenario } from './bench.ts'

const LANES = 32

/** The scenarios on requests that run concurrently. */
export const concurrency: readonly Scenario[] = [
  it('late-body', 'the session is found after a large body is read', async (t) => {
    const site = await t.site(async ({ open, request, path }) => {
      if (path !== '/upload') return page((await open()).get('length'))
      await turn()
      const { length } = await request.text()
      ;(await open()).set('length', length)
      return page(length)
    })
    const ada = site.browser()
    const init = {
      method: 'POST',
      body: 'x'.repeat(900_000),
      headers: { 'content-type': 'text/plain' },
    }
    same('length', await ada.read('/upload', init), '900000')
    same('length in the session', await ada.read(), '900000')
  }),
  it(
    'at-once',
    'of concurrent requests of one visitor no change is lost, with a store',
    async (t) => {
      const site = await t.site(async ({ open }) => page(count(await open())), { isStored: true })
      const ada = site.browser()
      await ada.read()
      await Promise.all(Array.from({ length: 20 }, () => ada.read()))
      same('count', await ada.read(), '22')
    },
  ),
  itWith('current', 'current', 'sessions.current() is the session of the request', async (t) => {
    const site = await t.site(async ({ open }) => {
      const session = await site.sessions.current()
      return page([count(session), session === (await open())])
    })
    const ada = site.browser()
    same('first', await ada.read(), '1,true')
    same('second', await ada.read(), '2,true')
  }),
  itWith(
    'current',
    'current-post',
    'sessions.current() is there after a slow body is read',
    async (t) => {
      const site = await t.site(async ({ open, request }) => {
        await turn()
        const text = await request.text()
        const session = await site.sessions.current()
        session.set('text', text)
        return page([text, session === (await open())])
      })
      async function* slowly() {
        for (const part of ['a', 'b', 'c']) {
          yield new TextEncoder().encode(part)
          await turn()
        }
      }
      const init = { method: 'POST', body: ReadableStream.from(slowly()), duplex: 'half' as const }
      same('text', await site.browser().read('/', init as RequestInit), 'abc,true')
    },
  ),
  itWith(
    'current',
    'interleaved',
    'interleaved requests never see the session of another',
    async (t) => {
      const site = await t.site(named(() => site.sessions))
      const browsers = await Promise.all(
        Array.from({ length: LANES }, async (_, n) => {
          const browser = site.browser()
          await browser.read('/name', { headers: { 'x-name': `visitor-${n}` } })
          return browser
        }),
      )
      let left = t.requests
      const lane = async (browser: Browser, n: number) => {
        while (left-- > 0) {
          const isPost = left % 3 === 0
          const init = isPost ? { method: 'POST', body: 'x'.repeat(left % 5000) } : {}
          same('seen', await browser.read(`/${left}`, init), Array(3).fill(`visitor-${n}`).join())
        }
      }
      await Promise.all(browsers.map(lane))
    },
  ),
]

/** Says three times whose request it is, with other requests in between. */
function named(sessions: () => { current(): Promise<any> }): Page {
  return async ({ path, request }) => {
    const session = await sessions().current()
    if (path === '/name') session.set('name', request.header('x-name'))
    const first = session.get('name')
    for (let turns = Math.random() * 4; turns > 0; turns--) await turn()
    const second = (await sessions().current()).get('name')
    if (request.method === 'POST') await request.text()
    const third = (await sessions().current()).get('name')
    return page([first, second, third])
  }
}
