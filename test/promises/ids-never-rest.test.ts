import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sessionIdFormat } from '../../src/backends/stored/session-id.ts'
import type { Session, StoredSessions } from '../../src/index.ts'
import { keyFor } from '../../src/crypto/keys.ts'
import type { SessionStore, Swap } from '../../src/backends/stored/store.ts'
import { fakeClock } from '../../src/testing/time/clock.ts'
import { SECRET, Visitor } from '../session/visitor.ts'
import { sessionsOn, type StoreName, STORES, storeOf, through } from './stores.ts'

/** What the library printed. */
let printed = ''
beforeEach(() => {
  printed = ''
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => {
      printed += args.map((arg) => inspect(arg)).join(' ')
    })
  }
})
afterEach(() => vi.restoreAllMocks())

/** Several visitors who do everything there is to do, and what was seen of it. */
async function busySite(name: StoreName) {
  const clock = fakeClock()
  const { store, dump } = await storeOf(name, clock)
  const seen: string[] = []
  const asked: string[] = []
  let failing: readonly string[] | undefined
  const { sessions, events } = sessionsOn(
    through(store, async (verb, args, call) => {
      asked.push(JSON.stringify(args))
      if (failing?.includes(verb)) throw new Error(`No answer to ${JSON.stringify(args)}.`)
      return call()
    }),
    { clock, rotate: '1h', lifetime: { idle: '10h' }, maxSessionsPerUser: 3, deadlines: PATIENT },
  )
  const cookies = new Set<string>()
  const visitors = Array.from({ length: 7 }, () => new Visitor(sessions))

  async function visit(visitor: Visitor, work: (session: Session<any>) => unknown): Promise<void> {
    const look = (session: Session<any>) => {
      seen.push(inspect(session, { depth: 9, showHidden: true }), JSON.stringify(session))
      seen.push(String(session), JSON.stringify([...session]), inspect(session.flashes()))
    }
    try {
      await visitor.visit(async (session) => {
        look(session)
        await work(session)
        look(session)
      })
    } catch (error) {
      const { message, stack = '' } = error as Error
      seen.push(message, stack, JSON.stringify(error), inspect(error, { depth: 9 }))
    }
    if (visitor.cookie) cookies.add(visitor.cookie)
  }

  for (const [n, visitor] of visitors.entries()) {
    await visit(visitor, (session) => session.set('cart', ['tea', n]).flash('Welcome.'))
    await visit(visitor, (session) => {
      session.login(n < 5 ? 'ann' : `user ${n}`)
      session.label = 'A browser'
    })
    await visit(visitor, (session) => session.update('count', (count = 0) => count + 1))
    await visit(visitor, (session) => session.regenerate())
    clock.advance(3_600_000)
    await visit(visitor, (session) => session.get('cart'))
    await visit(visitor, (session) => (session.permanent = true))
    await visit(visitor, (session) => session.size)
  }
  const [third, , fifth, sixth] = visitors.slice(2)
  await visit(fifth!, (session) => session.login('carl'))
  await visit(sixth!, (session) => session.logout())
  failing = ['read']
  await visit(third!, (session) => session.get('cart'))
  failing = ['swap', 'remove']
  await visit(third!, (session) => session.set('lost', 1))
  await visit(third!, (session) => session.logout())
  third!.cookie = undefined
  failing = undefined
  // Ids that are shown again, that were tampered with, and several at once.
  const shownAgain = [...cookies]
  for (const cookie of shownAgain) {
    const last = cookie.endsWith('A') ? 'B' : 'A'
    for (const shown of [cookie, cookie.slice(0, -1) + last, `${cookie}; session=junk`]) {
      await visit(new Visitor(sessions, shown), (session) => session.size)
    }
  }
  return { store, sessions, events, dump, visitors, cookies: [...cookies], seen, asked }
}

const PATIENT = { read: '20s', write: '20s', commit: '30s' } as const

/** The parts of cookies that have to stay secret: the proofs, and the signatures. */
function secretsOf(cookies: readonly string[]): string[] {
  return cookies.flatMap((cookie) => cookie.slice('session='.length).split('.').slice(1))
}

async function opensNothing(sessions: StoredSessions, header: string): Promise<void> {
  const session = await sessions.open(header)
  const found = [session.isNew, session.userId, session.size, session.handle]
  expect([...found, header]).toEqual([true, undefined, 0, undefined, header])
}

describe.each(STORES)('promise 9, ids never rest, on %s', (name) => {
  test('no text in the store opens a session, not even for who knows the secret', async () => {
    const { sessions, dump, visitors, cookies, asked } = await busySite(name)
    const texts = [...(await dump()), ...asked]
    const opened = await Promise.all(visitors.map(({ cookie }) => sessions.open(cookie)))
    const handles = opened.flatMap(({ handle }) => handle ?? [])
    // The dump is one of sessions that are alive: their handles stand in it, and what they hold.
    expect(handles.length).toBeGreaterThan(2)
    for (const handle of handles) expect(texts.join()).toContain(handle)
    expect(texts.join()).toContain('tea')

    for (const secret of secretsOf(cookies)) {
      expect(texts.filter((text) => text.includes(secret))).toEqual([])
    }
    const words = new Set(texts.flatMap((text) => text.match(/[\w-]{16,60}/g) ?? []))
    const ids = texts.flatMap((text) => text.match(/[\w-]+\.[\w-]+\.[\w-]+/g) ?? [])
    const replayed = new Set([...texts.filter((text) => text.length < 4000), ...ids, ...words])
    for (const text of replayed) await opensNothing(sessions, `session=${text}`)
    // Put together with a genuine signature, which only the holder of the secret can make.
    const forge = sessionIdFormat([
      keyFor(Buffer.from(SECRET), 'session id', { audience: '', cookieName: 'session' }),
    ])
    const hashes = texts.flatMap((text) => text.match(/(?<=\.)[\w-]{22}(?=\.)/g) ?? [])
    expect(hashes.length).toBeGreaterThan(2)
    // A hash is shorter than a proof; it is tried with all that an id of the right shape needs.
    const proofs = hashes.flatMap((hash) => [hash.padEnd(43, 'A'), `${hash}${hash}`.slice(0, 43)])
    for (const handle of handles) {
      for (const proof of proofs) {
        await opensNothing(sessions, `session=${forge.issue(handle, proof)}`)
      }
    }
    const still = await Promise.all(visitors.map(({ cookie }) => sessions.open(cookie)))
    expect(still.flatMap(({ handle }) => handle ?? [])).toEqual(handles)
  })

  test('events, errors, what is printed and what a session looks like hold no id', async () => {
    const { events, cookies, seen, visitors } = await busySite(name)
    expect(new Set(events.map(({ type }) => type))).toEqual(
      // oxfmt-ignore
      new Set([
        'created', 'login', 'logout', 'renewed', 'evicted', 'rejected', 'replayed', 'duplicates',
        'open-failed', 'commit-failed', 'regenerate',
      ]),
    )
    const told = [...seen, inspect(events), inspect(visitors.map(({ sessions }) => sessions))]
    for (const secret of secretsOf(cookies)) {
      expect([...told, printed].filter((text) => text.includes(secret))).toEqual([])
    }
    // An event has the handle, which cannot be used to authenticate; what is printed has none.
    const names = cookies.map((cookie) => cookie.slice('session='.length).split('.')[0]!)
    for (const handle of names) expect(printed).not.toContain(handle)
  })

  test("a store that answers with somebody else's row is caught", async () => {
    const { store } = await storeOf(name)
    const honest = sessionsOn(store)
    const ann = new Visitor(honest.sessions)
    const bob = new Visitor(honest.sessions)
    await ann.visit((session) => (session.login('ann'), session.set('mine', 'ann')))
    await bob.visit((session) => (session.login('bob'), session.set('mine', 'bob')))
    const [annsKey, bobsKey] = [handleOf(ann), handleOf(bob)]
    const other = (key: unknown) => (key === annsKey ? bobsKey : annsKey)

    // Replies that went to the wrong caller, as of a client whose connection got out of step.
    const swapped = sessionsOn(
      through(store, (verb, args, call) => (verb === 'read' ? store.read(other(args[0])) : call())),
    )
    for (const { cookie } of [ann, bob]) {
      const session = await swapped.sessions.open(cookie)
      expect([session.userId, session.size]).toEqual([undefined, 0])
    }
    expect(swapped.events).toEqual([
      { type: 'rejected', reason: 'corrupt' },
      { type: 'rejected', reason: 'corrupt' },
    ])
    expect(await swapped.sessions.list('ann')).toEqual([])

    // The same in the answer to a save that lost.
    const losing = sessionsOn(
      through(store, async (verb, args, call) => {
        if (verb !== 'swap') return call()
        const lost: Swap = { won: false, newest: await store.read(other(args[0])) }
        return lost
      }),
    )
    const late = new Visitor(losing.sessions, ann.cookie)
    await expect(late.visit((session) => session.set('mine', 'poison'))).rejects.toMatchObject({
      code: 'ERR_SESSION_GONE',
    })
    for (const visitor of [ann, bob]) {
      const mine = await visitor.read((session) => [session.userId, session.get('mine')])
      expect(mine).toEqual(visitor === ann ? ['ann', 'ann'] : ['bob', 'bob'])
    }
  })

  test("a row that is moved under somebody else's key opens for nobody", async () => {
    const { store } = await storeOf(name)
    const { sessions, events } = sessionsOn(store)
    const ann = new Visitor(sessions)
    const eve = new Visitor(sessions)
    await ann.visit((session) => session.login('ann'))
    await eve.visit((session) => session.login('eve'))
    events.length = 0
    const [annsRow, evesRow] = [await rowOf(store, ann), await rowOf(store, eve)]
    await store.swap(handleOf(eve), evesRow.write, { ...annsRow, write: 'moved' })
    expect(await eve.read((session) => session.userId)).toBeUndefined()
    expect(events).toEqual([{ type: 'rejected', reason: 'corrupt' }])
  })
})

function handleOf({ cookie }: Visitor): string {
  return cookie!.slice('session='.length).split('.')[0]!
}

async function rowOf(store: SessionStore, visitor: Visitor) {
  return (await store.read(handleOf(visitor)))!
}
