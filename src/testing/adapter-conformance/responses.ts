/** Adapter conformance: HEAD, responses without a body, fixed and reused ones, streams, late writes. */

import { codeFrom, gate, it, same, type Scenario } from './bench.ts'
import { count, counted, empty, redirect, text } from './site.ts'

const bytes = (part: string) => new TextEncoder().encode(part)

/** The scenarios on responses. */
export const responses: readonly Scenario[] = [
  it('head', 'HEAD has the headers of GET, the cookie too, and no body', async (t) => {
    const ada = (await t.site()).browser()
    const answer = await ada.ask('/count', { method: 'HEAD' })
    same('status', answer.status, 200)
    same('body', answer.text, '')
    same('session lines', answer.lines().length, 1)
    same('next count', await ada.read('/count'), '2')
  }),
  ...[304, 204].map((status) =>
    it(`${status}`, `a ${status} carries the cookie`, async (t) => {
      const site = await t.site({
        '/empty': counted(empty(status, { etag: '"1"' })),
      })
      const ada = site.browser()
      const answer = await ada.ask('/empty', { headers: { 'if-none-match': '"1"' } })
      same('status', answer.status, status)
      same('session lines', answer.lines().length, 1)
      same('next count', await ada.read('/count'), '2')
    }),
  ),
  it('fixed', 'a response whose headers are fixed gets the cookie', async (t) => {
    const site = await t.site({
      '/go': counted({ ...redirect('http://localhost/seen'), isFixed: true }),
    })
    const ada = site.browser()
    const answer = await ada.ask('/go')
    same('status', answer.status, 303)
    same('session lines', answer.lines().length, 1)
    same('next count', await ada.read('/count'), '2')
  }),
  it('reused', 'a response that is sent to two visitors has the cookie of neither', async (t) => {
    const reply = empty(204)
    const site = await t.site({
      '/write': counted(reply),
      '/read': async ({ open }) => ((await open()).size, reply),
    })
    const [ada, grace] = [site.browser(), site.browser()]
    await ada.ask('/write')
    await grace.ask('/write')
    const answer = await site.browser().ask('/read')
    same('status', answer.status, 204)
    same('session lines of a third visitor', answer.lines().length, 0)
    same('count of the first', await ada.read('/count'), '2')
    same('count of the second', await grace.read('/count'), '2')
  }),
  it('stream', 'the session is saved before the first byte of a stream', async (t) => {
    const rest = gate()
    async function* body() {
      yield bytes('first ')
      await rest.passed
      yield bytes('last')
    }
    const site = await t.site(
      { '/stream': counted(text('', { body: body() })) },
      { isStored: true },
    )
    const ada = site.browser()
    try {
      const response = await ada.begin('/stream')
      same('cookies', ada.cookies.size, 1)
      same('count during the stream', await ada.read('/count'), '2')
      rest.open()
      same('body', await response.text(), 'first last')
    } finally {
      rest.open()
    }
  }),
  it('late-write', 'a write while the body is streamed throws', async (t) => {
    const site = await t.site({
      '/stream': async ({ open }) => {
        const session = await open()
        session.set('count', 1)
        async function* body() {
          yield bytes('first ')
          yield bytes(await codeFrom(() => session.set('count', 2)))
        }
        return text('', { body: body() })
      },
    })
    const ada = site.browser()
    same('body', await ada.read('/stream'), 'first ERR_SESSION_COMMITTED')
    same('what was written in time', await ada.read('/seen'), '1')
  }),
  it('commit-first', 'session.commit() before a stream sets the cookie once', async (t) => {
    const site = await t.site({
      '/stream': async ({ open }) => {
        const session = await open()
        const n = count(session)
        await session.commit()
        async function* body() {
          yield bytes(`count ${n}`)
        }
        return text('', { body: body() })
      },
    })
    const ada = site.browser()
    const answer = await ada.ask('/stream')
    same('body', answer.text, 'count 1')
    same('session lines', answer.lines().length, 1)
    same('next page', await ada.read('/seen'), '1')
  }),
]
