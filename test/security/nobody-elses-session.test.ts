import { expect, test } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { inLanes } from '../promises/site.ts'
import { T0, testSessions, Visitor } from '../session/visitor.ts'

const MANY = process.env['QUICK_TESTS'] === '1' ? 1_000 : 10_000

/** Another turn of the event loop, so that requests interleave. */
const turn = () => new Promise((next) => setImmediate(next))

test.each([
  ['the cookie', {}],
  ['a store', { store: memoryStore({ clock: () => T0 }) }],
])(
  'of ten thousand requests at once each sees its own session, through every await, in %s',
  async (_backend, options) => {
    const { sessions } = testSessions(options)
    const visitors = Array.from({ length: 50 }, () => new Visitor(sessions))
    for (const [n, visitor] of visitors.entries()) {
      await visitor.visit((session) => (session.login(`user-${n}`), session.set('canary', n)))
    }
    const handler = withSessions(sessions, async (request) => {
      const own = Number(request.headers.get('x-visitor'))
      const seen = new Set<string>()
      const look = async () => {
        const session = await sessions.current()
        seen.add(`${session.userId} ${session.get('canary')}`)
        seen.add(`${(await sessions.get(request)).userId} ${session.get('canary')}`)
      }
      await look()
      await turn()
      await Promise.all([look(), turn().then(look), sessions.signedIn(request)])
      if (own % 3 === 0) (await sessions.current()).set('last', own)
      // A request whose handler fails, or whose client has left, leaves nothing to the next one.
      if (own % 7 === 0) throw Object.assign(new Error('left'), { seen: [...seen] })
      return Response.json([...seen])
    })
    let answered = 0
    await inLanes(MANY, 200, async (index) => {
      const own = index % visitors.length
      const headers = { cookie: visitors[own]!.cookie!, 'x-visitor': String(own) }
      const seen = await handler(new Request('http://site/', { headers })).then(
        async (response) => {
          expect(response.status).toBe(200)
          return (await response.json()) as string[]
        },
        (error: { seen: string[] }) => error.seen,
      )
      expect(seen).toEqual([`user-${own} ${own}`])
      answered += 1
    })
    expect(answered).toBe(MANY)
  },
)
