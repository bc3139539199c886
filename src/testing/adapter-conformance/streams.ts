/** Adapter conformance: streamed bodies, and writes that come too late. */

import { codeFrom, count, gate, it, page, same, type Scenario } from './bench.ts'

const encode = (text: string) => new TextEncoder().encode(text)

/** The scenarios on streams. */
export const streams: readonly Scenario[] = [
  it('stream', 'the session is saved before the first byte of a stream', async (t) => {
    const rest = gate()
    async function* body() {
      yield encode('first ')
      await rest.passed
      yield encode('last')
    }
    const site = await t.site(
      async ({ open, path }) => {
        const n = count(await open())
        return path === '/stream' ? page('', { body: body() }) : page(n)
      },
      { isStored: true },
    )
    const ada = site.browser()
    try {
      const response = await ada.begin('/stream')
      same('cookies', ada.cookies.size, 1)
      same('count during the stream', await ada.read(), '2')
      rest.open()
      same('body', await response.text(), 'first last')
    } finally {
      rest.open()
    }
  }),
  it('late-write', 'a write while the body is streamed throws ERR_SESSION_COMMITTED', async (t) => {
    const site = await t.site(async ({ open, path }) => {
      const session = await open()
      if (path !== '/stream') return page(session.get('late', 'none'))
      session.set('early', true)
      async function* body() {
        yield encode('first ')
        yield encode(await codeFrom(() => session.set('late', true)))
      }
      return page('', { body: body() })
    })
    const ada = site.browser()
    same('body', await ada.read('/stream'), 'first ERR_SESSION_COMMITTED')
    same('what was written late', await ada.read(), 'none')
  }),
  it('commit-first', 'session.commit() before a stream sets the cookie once', async (t) => {
    const site = await t.site(async ({ open, path }) => {
      const session = await open()
      if (path !== '/stream') return page(session.get('count', 'none'))
      const n = count(session)
      await session.commit()
      async function* body() {
        yield encode(`count ${n}`)
      }
      return page('', { body: body() })
    })
    const ada = site.browser()
    const answer = await ada.ask('/stream')
    same('body', answer.text, 'count 1')
    same('session lines', answer.lines().length, 1)
    same('next page', await ada.read(), '1')
  }),
]
