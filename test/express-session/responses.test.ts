import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { differs } from './deviations.ts'
import { LIBRARIES } from './libraries.ts'
import { browser, calls, get, idIn, listen, type Respond, site } from './site.ts'

const hit: Respond = (req) => (req.session.hit = true)

describe.each(LIBRARIES)('a response with %s', (name, session) => {
  /** A store whose writes take a turn of the event loop each, and which says when one is done. */
  const slowStore = () => {
    const store = new session.MemoryStore()
    const done: string[] = []
    const set = store.set.bind(store)
    store.set = (id, data, callback) => {
      setImmediate(() =>
        setImmediate(() => set(id, data, (error) => (done.push(id), callback?.(error)))),
      )
    }
    return { store, done }
  }

  const shapes: [string, Respond, string][] = [
    ['a body', (_req, res) => res.end('session saved'), 'session saved'],
    ['an empty body', (_req, res) => res.setHeader('Content-Length', '0').end(), ''],
    ['nothing', (_req, res) => res.end(), ''],
    ['`null`', (_req, res) => res.end(null), ''],
    ['a Buffer', (_req, res) => res.end(Buffer.from('bytes')), 'bytes'],
    ['a text in an encoding', (_req, res) => res.end('6869', 'hex'), 'hi'],
    [
      'a body and its length',
      (_req, res) => res.setHeader('Content-Length', '13').end('session saved'),
      'session saved',
    ],
    ['writes', (_req, res) => (res.write('hello, '), res.end('world')), 'hello, world'],
    [
      'writes and a length',
      (_req, res) => (
        res.setHeader('Content-Length', '12'),
        res.write('hello, '),
        res.end('world')
      ),
      'hello, world',
    ],
    ['writeHead', (_req, res) => res.writeHead(201, { 'X-A': 'b' }).end('made'), 'made'],
    ['a callback', (_req, res) => res.end('called'), 'called'],
    ['two ends', (_req, res) => (res.end('Hello, world!'), res.end()), 'Hello, world!'],
    ['304', (_req, res) => res.writeHead(304).end(), ''],
  ]

  test.each(shapes)('of %s is whole, and was saved when it came', async (_shape, send, body) => {
    const { store, done } = slowStore()
    const its = await site(session, { store }, (req, res) => {
      hit(req, res)
      send(req, res)
    })
    const answer = await its.get()
    expect(answer.text).toBe(body)
    expect(done).toEqual([idIn(answer)])
    expect(its.errors).toEqual([])
  })

  test('whose `write` and `end` were patched before is whole', async () => {
    const { get } = await site(
      session,
      {},
      (req, res) => (hit(req, res), res.write('hello, '), res.end('world')),
      (_req, res) => void patched(res),
    )
    expect((await get()).text).toBe('hello, world')
  })

  test('whose `write` and `end` are patched after is whole', async () => {
    const { get } = await site(session, {}, (req, res) => {
      patched(res)
      hit(req, res)
      res.write('hello, ')
      res.end('world')
    })
    expect((await get()).text).toBe('hello, world')
  })

  test('ended twice fails as it does without a session', async () => {
    const respond: Respond = (_req, res) => {
      res.end()
      try {
        res.setHeader('Content-Length', '3')
        res.end('foo')
      } catch (error) {
        failures.push((error as Error).message)
      }
    }
    const failures: string[] = []
    const plain = await get(await listen(respond as never))
    const { get: visit } = await site(session, {}, respond)
    expect(await visit()).toMatchObject({ status: plain.status, text: plain.text })
    expect(failures[1]).toBe(failures[0])
  })

  test('that takes long sends a cookie which counts from its beginning', async () => {
    const its = await site(session, { rolling: true, cookie: { maxAge: 60_000 } }, (req, res) => {
      req.session.user = 'bob'
      res.write('hello, ')
      setImmediate(() => res.end('world!'))
    })
    const visitor = browser(its)
    expect(await visitor.get()).toMatchObject({
      text: 'hello, world!',
      lines: [expect.any(String)],
    })
    expect(await visitor.get()).toMatchObject({
      text: 'hello, world!',
      lines: [expect.any(String)],
    })
  })

  test('that has begun: what the app changes then is saved', async () => {
    const its = await site(session, { saveUninitialized: true }, (req, res) => {
      const before = `${req.session.late}`
      res.write(before)
      req.session.late = 1
      res.end()
    })
    const visitor = browser(its)
    await visitor.get()
    expect((await visitor.get()).text).toBe('1')
  })

  test('that has begun: `save` saves then', async () => {
    const store = new session.MemoryStore()
    const its = await site(session, { store, saveUninitialized: true }, (req, res) => {
      res.write(`${req.session.late},`)
      req.session.late = 1
      req.session.save((error) => {
        store.get(req.sessionID, (_error, data) => {
          res.end([error, (data as { late?: number } | null)?.late].join())
        })
      })
    })
    const visitor = browser(its)
    expect((await visitor.get()).text).toBe('undefined,,1')
    expect((await visitor.get()).text).toBe('1,,1')
  })

  describe('to a request whose cookies were parsed before', () => {
    /** What cookie-parser leaves on a request, where the header itself was changed after it. */
    const parsed = (place: 'cookies' | 'signedCookies') =>
      site(
        session,
        { name: 'sessid' },
        (req, res) => res.end(`${(req.session.n = (req.session.n ?? 0) + 1)}`),
        (req) => {
          const value = /sessid=([^;]*)/.exec(req.headers.cookie ?? '')?.[1]
          const cookie = value && decodeURIComponent(value)
          const signed = cookie && /^s:(.*)\.[^.]*$/.exec(cookie)?.[1]
          req[place] = place === 'cookies' ? { sessid: cookie } : { sessid: signed }
          req.headers.cookie = 'foo=bar'
        },
      )

    const second = differs('parsed cookies', name, { express: '2', dropIn: '1' })

    test('reads `req.cookies`', async () => {
      const visitor = browser(await parsed('cookies'))
      await visitor.get()
      expect((await visitor.get()).text).toBe(second)
    })

    test('does not accept an unsigned one, or a wrong signature, in `req.cookies`', async () => {
      const its = await parsed('cookies')
      const first = await its.get()
      expect((await its.get('/', { cookie: `sessid=${idIn(first)}` })).text).toBe('1')
      const wrong = first.lines[0]!.replace(/\.[^;]*/, '.xxx')
      expect((await its.get('/', { cookie: wrong })).text).toBe('1')
    })

    test('reads `req.signedCookies`', async () => {
      const visitor = browser(await parsed('signedCookies'))
      await visitor.get()
      expect((await visitor.get()).text).toBe(second)
    })
  })

  test('begins when the session is saved', async () => {
    const store = new session.MemoryStore()
    const set = store.set.bind(store)
    let save = () => {}
    const asked = new Promise<void>((resolve) => {
      store.set = (...args) => {
        save = () => set(...args)
        resolve()
      }
    })
    const its = await site(session, { store }, (req, res) => {
      if (req.url === '/ping') return res.end()
      hit(req, res)
      return res.end('session saved')
    })
    let begun = false
    const whole = new Promise<void>((resolve) => {
      request(its.origin, (response) => {
        begun = true
        response.resume().on('end', resolve)
      }).end()
    })
    await asked
    // Two visits later whatever was sent has come.
    await its.get('/ping')
    await its.get('/ping')
    expect(begun).toBe(differs('response waits', name, { express: true, dropIn: false }))
    save()
    await whole
  })

  test('says to caches whose it is', async () => {
    const { get } = await site(session, {}, (req, res) => (hit(req, res), res.end()))
    const { headers } = await get()
    expect([headers.vary, headers['cache-control']]).toEqual(
      differs('cache headers', name, {
        express: [undefined, undefined] as (string | undefined)[],
        dropIn: ['Cookie', 'private'],
      }),
    )
  })

  test('to two visitors at once: each has a session of its own', async () => {
    const store = new session.MemoryStore()
    const set = calls(store, 'set')
    const its = await site(session, { store }, (req, res) => {
      const isNew = req.session.n === undefined
      req.session.n = 1
      res.end(isNew ? 'created' : 'updated')
    })
    const [one, two] = await Promise.all([its.get(), its.get()])
    expect([one.text, two.text]).toEqual(['created', 'created'])
    expect(idIn(one)).not.toBe(idIn(two))
    expect(set()).toBe(2)
  })
})

/** As other middleware does it, compression for example. */
function patched(res: Parameters<Respond>[1]): void {
  const { end, write } = res as unknown as Record<string, (...args: unknown[]) => unknown>
  let ended = false
  Object.assign(res, {
    end(...args: unknown[]) {
      ended = true
      return end!.apply(res, args)
    },
    write(...args: unknown[]) {
      if (ended) throw new Error('write after end')
      return write!.apply(res, args)
    },
  })
}
