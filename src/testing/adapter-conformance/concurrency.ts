/** Adapter conformance: `sessions.current()`, bodies that are read late, many requests at once. */

import { randomInt } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { it, same, type Browser, type Scenario } from './bench.ts'
import { count, type Page } from './site.ts'

/** Reads a body between other requests, and returns whether `current` still is the session. */
const late: Page = async ({ open, request, sessions }) => {
  await turn()
  const body = await request.text()
  const session = await sessions.current()
  count(session)
  return `${body},${session === (await open())}`
}

/** Returns three times whose request it is, with other requests in between. */
const who: Page = async ({ request, sessions }) => {
  const name = async () => (await sessions.current()).get('name')
  const given = request.header('x-name')
  if (given) (await sessions.current()).set('name', given)
  const first = await name()
  for (let turns = randomInt(5); turns > 0; turns--) await turn()
  const second = await name()
  if (request.method === 'POST') await request.text()
  return `${first},${second},${await name()}`
}

async function* slowly(parts: string): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    yield new TextEncoder().encode(part)
    await turn()
  }
}

/** The scenarios on requests that run concurrently. */
export const concurrency: readonly Scenario[] = [
  it('large-body', 'the session is found after a large body is read', async (t) => {
    const site = await t.site({
      '/upload': async ({ open, request }) => {
        await turn()
        const { length } = await request.text()
        return (await open()).set('count', length).get('count')
      },
    })
    const ada = site.browser()
    const type = { 'content-type': 'text/plain' }
    same('length', (await ada.post('/upload', type, 'x'.repeat(900_000))).text, '900000')
    same('length in the session', await ada.read('/seen'), '900000')
  }),
  it('at-once', 'of concurrent requests of one visitor no change is lost', async (t) => {
    const ada = (await t.site({}, { isStored: true })).browser()
    await ada.read('/count')
    await Promise.all(Array.from({ length: 20 }, () => ada.read('/count')))
    same('count', await ada.read('/count'), '22')
  }),
  it('current: current', 'sessions.current() works, after a slow body too', async (t) => {
    const ada = (await t.site({ '/late': late })).browser()
    same('text of a GET', await ada.read('/late'), ',true')
    const body = ReadableStream.from(slowly('abc')) as RequestInit['body']
    const init = { method: 'POST', body: body!, duplex: 'half' as const }
    same('text of a POST', await ada.read('/late', init), 'abc,true')
    same('count', await ada.read('/seen'), '2')
  }),
  it('current: interleaved', 'interleaved requests see their own session', async (t) => {
    const site = await t.site({ '/name': who })
    let left = t.requests
    const visit = async (browser: Browser, name: string) => {
      await browser.read('/name', { headers: { 'x-name': name } })
      while (left-- > 0) {
        const init = left % 3 ? {} : { method: 'POST', body: 'x'.repeat(left % 5000) }
        same('whose', await browser.read('/name', init), `${name},${name},${name}`)
      }
    }
    await Promise.all(Array.from({ length: 32 }, (_, n) => visit(site.browser(), `v${n}`)))
  }),
]
