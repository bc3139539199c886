import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { REMOVE } from '../../src/index.ts'
import { Visitor } from '../session/visitor.ts'
import type { Counting } from './counting-process.ts'
import type { Place } from './open-store.ts'
import { type Answer, browser, expressSite, inLanes, type Page } from './site.ts'
import { barrier, sessionsOn, STORES, storeOf, through } from './stores.ts'

const PAGES: Record<string, Page> = {
  add: (session) => session.update('count', (count = 0) => count + 1),
  look: (session) => Object.fromEntries(session),
}

/** A request with several changes, and a page that shows whatever came of them. */
const HALVES: Record<string, Page> = {
  halves: (session) => {
    session.set('half', 1)
    session.set('other half', 1)
    session.update('count', (count) => count + 1_000_000)
    session.flash('Saved.')
  },
  all: (session) => [Object.fromEntries(session), session.flashes()],
}

describe.each(STORES)('promise 1, no lost update, on %s', (name) => {
  test('a thousand visits, 50 at a time, count a thousand', async () => {
    const { store } = await storeOf(name)
    const url = await expressSite(sessionsOn(store).sessions, PAGES)
    const visitor = browser(url)
    await visitor.visit('add')
    await inLanes(999, 50, async () => expect((await visitor.ask('add')).status).toBe(200))
    expect((await visitor.visit('look')).shown).toEqual({ count: 1000 })
  })

  test('so do a thousand visits to four processes', async () => {
    const { store, place, again } = await storeOf(name)
    const { sessions } = sessionsOn(store)
    const visitor = new Visitor(sessions)
    await visitor.visit((session) => session.set('count', 0))
    const cookie = visitor.cookie!
    // What is in memory no other process sees: four copies of the app in one process do.
    if (place) await countInProcesses({ place, cookie, times: 250, lanes: 13 })
    else await countInCopies(again, cookie)
    expect(await visitor.read((session) => session.get('count'))).toBe(1000)
  })

  test('two requests that write different keys both win, whoever answers last', async () => {
    const { store, again } = await storeOf(name)
    const both = barrier()
    const pages: Record<string, Page> = {
      async write(session, query) {
        await both.wait()
        session.set(query.get('key')!, 'kept')
      },
      ...PAGES,
    }
    const here = browser(await expressSite(sessionsOn(store).sessions, pages))
    await here.visit('add')
    const elsewhere = browser(
      await expressSite(sessionsOn(await again()).sessions, pages),
      here.cookie,
    )
    const writes = [here.ask('write?key=a'), here.ask('write?key=b'), elsewhere.ask('write?key=c')]
    await both.reached(3)
    both.open()
    for (const { status } of await Promise.all(writes)) expect(status).toBe(200)
    expect((await here.visit('look')).shown).toEqual({ count: 1, a: 'kept', b: 'kept', c: 'kept' })
  })

  test('nested writes by code that knows nothing of this cost no other key its count', async () => {
    const { store } = await storeOf(name)
    const { sessions, events } = sessionsOn(store)
    const all = barrier()
    const url = await expressSite(sessions, {
      begin: (session) => session.set('profile', { seen: 'never' }).size,
      async nest(session, query) {
        const profile = session.get('profile')
        await all.wait()
        profile.seen = query.get('n')
      },
      ...PAGES,
    })
    const visitor = browser(url)
    await visitor.visit('begin')
    const nests = Array.from({ length: 20 }, (_, n) => visitor.ask(`nest?n=${n}`))
    await all.reached(20)
    const adds = Array.from({ length: 50 }, () => visitor.ask('add'))
    all.open()
    for (const { status } of await Promise.all([...nests, ...adds])) expect(status).toBe(200)
    const { count, profile } = (await visitor.visit('look')).shown
    expect(count).toBe(50)
    // Of those that wrote the very same key one stands, and it is said of each but the first.
    expect(Number(profile.seen)).toBeLessThan(20)
    const overwrote = { type: 'overwrote', key: 'profile' }
    expect(events).toEqual([{ type: 'created' }, ...Array.from({ length: 19 }, () => overwrote)])
  })

  test('no message is lost, and each is shown once', async () => {
    const { store, again } = await storeOf(name)
    const both = barrier()
    const pages: Record<string, Page> = {
      ...PAGES,
      flash: (session, query) => session.flash(query.get('text')!),
      async show(session) {
        const messages = session.flashes().map(({ message }) => message)
        await both.wait()
        return messages
      },
    }
    const here = browser(await expressSite(sessionsOn(store).sessions, pages))
    await here.visit('flash?text=first')
    const there = browser(await expressSite(sessionsOn(await again()).sessions, pages), here.cookie)
    const showing = here.ask('show')
    await both.reached()
    // Two more come while the first is being shown.
    await Promise.all([here.ask('flash?text=second'), there.ask('flash?text=third')])
    both.open()
    expect((await showing).shown).toEqual(['first'])
    expect((await there.ask('show')).shown.sort()).toEqual(['second', 'third'])
    expect((await here.ask('show')).shown).toEqual([])
  })

  test('a one-time token is spent once, by 30 requests at two servers', async () => {
    const { store, again } = await storeOf(name)
    const all = barrier()
    const pages: Record<string, Page> = {
      issue: (session) => session.set('token', 'T').size,
      async spend(session) {
        // All have seen the token before anybody spends it.
        if (session.get('token') !== 'T') throw new Error('The test is too late.')
        await all.wait()
        session.update('token', (token) => {
          if (token !== 'T') throw new Error('This token was spent already.')
          return REMOVE
        })
        session.update('granted', (granted = 0) => granted + 1)
      },
      ...PAGES,
    }
    const here = browser(await expressSite(sessionsOn(store).sessions, pages))
    await here.visit('issue')
    const there = browser(await expressSite(sessionsOn(await again()).sessions, pages), here.cookie)
    const answers = Array.from({ length: 30 }, (_, n) => (n % 2 ? here : there).ask('spend'))
    await all.reached(30)
    all.open()
    const statuses = (await Promise.all(answers)).map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array.from({ length: 29 }, () => 500)])
    expect((await here.visit('look')).shown).toEqual({ granted: 1 })
  })

  test('when the time for saving is over, a request that still waits is told of a conflict, and nothing of it is kept', async () => {
    const { store } = await storeOf(name)
    const saving = barrier()
    const held = through(store, async (verb, _args, call) => {
      if (verb === 'swap') await saving.wait()
      return call()
    })
    const { sessions, events } = sessionsOn(held, {
      deadlines: { read: '20s', write: '20s', commit: '3s' },
    })
    const url = await expressSite(sessions, { ...PAGES, ...HALVES })
    const visitor = browser(url)
    await visitor.visit('add')
    // One save is under way, and this one waits for it to end.
    const first = visitor.ask('add')
    await saving.reached()
    const answer = await visitor.visit('halves')
    expectTryAgain(answer)
    await first
    saving.open()
    const codes = events.flatMap((event) => (event.type === 'commit-failed' ? event.code : []))
    expect(codes).toEqual(['ERR_STORE_UNAVAILABLE', 'ERR_SESSION_CONFLICT'])
    // What had been sent already is kept, as a save whose answer got lost may be.
    await visitor.visit('add')
    expect((await visitor.visit('all')).shown).toEqual([{ count: 3 }, []])
  })

  test('a request that loses to others until the time is over is kept not even in part', async () => {
    const { store, again } = await storeOf(name)
    const rival = new Visitor(sessionsOn(await again()).sessions)
    await rival.visit((session) => session.set('count', 0))
    // Each time this server is about to save, another has just saved.
    let saved = 0
    const rivals: Promise<void>[] = []
    const outrun = async () => {
      await rival.visit((session) => session.update('count', (count) => count + 1))
      saved += 1
    }
    const contended = through(store, async (verb, _args, call) => {
      if (verb === 'swap') {
        rivals.push(outrun())
        await rivals.at(-1)
      }
      return call()
    })
    const { sessions } = sessionsOn(contended, {
      deadlines: { read: '20s', write: '20s', commit: '150ms' },
    })
    const url = await expressSite(sessions, { ...PAGES, ...HALVES })
    const visitor = browser(url, rival.cookie)
    expectTryAgain(await visitor.visit('halves'))
    expect(saved).toBeGreaterThan(0)
    // What was still under way when the request was told has come to nothing when this one is told.
    expectTryAgain(await visitor.visit('add'))
    await Promise.all(rivals)
    expect((await visitor.visit('all')).shown).toEqual([{ count: saved }, []])
  })

  test('an update that fails on newer data fails alone', async () => {
    const { store } = await storeOf(name)
    const all = barrier()
    const url = await expressSite(sessionsOn(store).sessions, {
      take: async (session) => {
        await all.wait()
        session.update('seats', (seats = 5) => {
          if (seats === 0) throw new Error('Sold out.')
          return seats - 1
        })
      },
      ...PAGES,
    })
    const visitor = browser(url)
    await visitor.visit('add')
    const takes = Array.from({ length: 20 }, () => visitor.ask('take'))
    const adds = Array.from({ length: 20 }, () => visitor.ask('add'))
    await all.reached(20)
    all.open()
    const taken = (await Promise.all(takes)).filter(({ status }) => status === 200)
    expect(taken).toHaveLength(5)
    for (const { status } of await Promise.all(adds)) expect(status).toBe(200)
    expect((await visitor.visit('look')).shown).toEqual({ count: 21, seats: 0 })
  })
})

test('express-session on connect-redis loses visits and keys where this library keeps them all', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    program('../../bench/lost-updates.ts'),
  ])
  const kept = [...stdout.matchAll(/^(.*): (\d+) of 1000 visits, (\d+) of 50 keys$/gm)]
  const [ours = [], theirs = []] = kept.map(([, name, ...counts]) => [name, ...counts.map(Number)])
  expect(ours).toEqual(['sojourn', 1000, 50])
  const [name, visits, keys] = theirs
  expect(name).toBe('express-session + connect-redis')
  expect(visits).toBeLessThan(1000)
  expect(keys).toBeLessThan(50)
})

/** Starts the processes, lets them count at once, and waits for their end. */
async function countInProcesses(counting: Counting & { place: Place }): Promise<void> {
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, [program('counting-process.ts'), JSON.stringify(counting)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  const over = children.map((child) => once(child, 'exit'))
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')))
  for (const { stdin } of children) stdin.end('go\n')
  for (const [code] of await Promise.all(over)) expect(code).toBe(0)
}

async function countInCopies(
  open: () => Promise<Parameters<typeof sessionsOn>[0]>,
  cookie: string,
): Promise<void> {
  const copies = await Promise.all(
    Array.from({ length: 4 }, async () => sessionsOn(await open()).sessions),
  )
  await inLanes(1000, 52, async (n) => {
    const session = await copies[n % 4]!.open(cookie)
    session.update('count', (count = 0) => count + 1)
    await session.commit()
  })
}

/** An answer that keeps nobody's cookie and nobody's cache busy, and says when to come back. */
function expectTryAgain({ status, setCookie, headers }: Answer): void {
  expect(status).toBe(503)
  expect(setCookie).toBeUndefined()
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  expect(headers.get('cache-control')).toBe('no-store')
}

function program(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url))
}
