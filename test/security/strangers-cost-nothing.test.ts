import { describe, expect, test } from 'vitest'
import { withSessions } from '../../src/adapters/fetch.ts'
import { newSelector, newVerifier } from '../../src/backends/stored/session-id.ts'
import { systemRandom } from '../../src/base/ports.ts'
import type { Session } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { through } from '../promises/stores.ts'
import { OLD_SECRET, T0, testSessions, Visitor } from '../session/visitor.ts'

/** Sessions on a store whose calls are counted, behind a handler. */
function site(work: (session: Session<any>) => unknown, secret?: string) {
  const store = memoryStore({ clock: () => T0 })
  let calls = 0
  const counted = through(store, (_verb, _args, call) => ((calls += 1), call()))
  const world = testSessions({ store: counted, ...(secret ? { secret } : {}) })
  const handler = withSessions(world.sessions, async (request) => {
    await work(await world.sessions.get(request))
    return new Response('hello')
  })
  return {
    ...world,
    calls: () => calls,
    async ask(cookie?: string) {
      const headers = cookie === undefined ? {} : { cookie }
      const response = await handler(new Request('http://site/', { headers }))
      await response.text()
      return response
    },
    async rows() {
      let rows = 0
      for await (const keys of store.keys()) rows += keys.length
      return rows
    },
  }
}

const look = (session: Session<any>) => [session.userId, session.size, session.flashes()]
const text = (bytes: number) => Buffer.from(systemRandom(bytes)).toString('base64url')
const MANY = process.env['QUICK_TESTS'] === '1' ? 5_000 : 100_000

describe('a visitor whom nobody knows', () => {
  test('ten thousand of them leave no row, no cookie and no call of the store', async () => {
    const { ask, calls, rows } = site(look)
    for (let n = 0; n < 10_000; n += 1) {
      expect((await ask()).headers.getSetCookie()).toEqual([])
    }
    expect([calls(), await rows()]).toEqual([0, 0])
  })

  test('a hundred thousand well-formed ids that were made up never reach the store', async () => {
    const { sessions, calls, rows, events } = site(look)
    for (let n = 0; n < MANY; n += 1) {
      const id = `${newSelector(systemRandom)}.${newVerifier(systemRandom)}.${text(12)}`
      const session = await sessions.open(`session=${id}`)
      if (session.userId !== undefined || !session.isNew) throw new Error(`${id} opened`)
    }
    expect([calls(), await rows()]).toEqual([0, 0])
    expect(events).toHaveLength(MANY)
    expect(new Set(events.map((event) => JSON.stringify(event)))).toEqual(
      new Set(['{"type":"rejected","reason":"signature"}']),
    )
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['a word', 'undefined'],
    ['null', 'null'],
    ['an object', '{}'],
    ['a path', '../../etc/passwd'],
    ['SQL', "' OR 1=1 --"],
    ['LDAP', '*)(uid=*'],
    ['a glob', '*'],
    ['a line break', '%0d%0aSet-Cookie: a=1'],
    ['a quotation mark', '"'],
    ['sixteen thousand characters', 'x'.repeat(16_000)],
    ['only dots', '.'.repeat(83)],
    ['the right lengths', `${'A'.repeat(22)}.${'A'.repeat(43)}.${'A'.repeat(16)}`],
    ['the right lengths in other letters', `${'é'.repeat(22)}.${'A'.repeat(43)}.${'A'.repeat(16)}`],
  ])('an id that is %s never reaches the store, and is not taken over', async (_name, id) => {
    const { sessions, calls, rows } = site(look)
    const visitor = new Visitor(sessions, `session=${id}`)
    await visitor.visit(look)
    expect(calls()).toBe(0)
    await visitor.visit((session) => session.set('x', 1))
    expect(await rows()).toBe(1)
    expect(visitor.cookie).toMatch(/^session=[\w-]{22}\.[\w-]{43}\.[\w-]{16}$/)
    expect(visitor.cookie).not.toBe(`session=${id}`)
  })

  test('who signs out without being signed in writes nothing and gets no cookie', async () => {
    const { ask, calls, rows } = site((session) => session.logout())
    expect((await ask()).headers.getSetCookie()).toEqual([])
    expect([calls(), await rows()]).toEqual([0, 0])
  })
})

describe('a cookie that was not verified', () => {
  test('ends nothing: a logout with a forged id of somebody else leaves that session alone', async () => {
    const { sessions, calls } = site(look)
    const ann = new Visitor(sessions)
    await ann.visit((session) => session.login('ann'))
    const [handle, proof, mac] = ann.cookie!.slice('session='.length).split('.')
    const other = new Visitor(site(look, OLD_SECRET).sessions)
    await other.visit((session) => session.login('eve'))
    const forged = [
      other.cookie!,
      `session=${handle}.${text(32)}.${mac}`,
      `session=${handle}.${proof}.${text(12)}`,
      `session=${handle}`,
    ]
    const before = calls()
    for (const cookie of forged) {
      await new Visitor(sessions, cookie).visit((session) => session.logout())
      await new Visitor(sessions, cookie).visit((session) => session.regenerate())
    }
    expect(calls()).toBe(before)
    expect(await ann.read((session) => session.userId)).toBe('ann')
  })

  test('that names a row but not its proof, under a genuine MAC, ends nothing either', async () => {
    const { sessions } = site(look)
    const ann = new Visitor(sessions)
    await ann.visit((session) => session.login('ann'))
    // What an id from before a login is: signed by us, and no proof of anything any more.
    const first = ann.cookie
    await ann.visit((session) => session.login('ann'))
    await new Visitor(sessions, first).visit((session) => session.logout())
    expect(await ann.read((session) => session.userId)).toBe('ann')
  })
})
