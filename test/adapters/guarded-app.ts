/** A program with pages that forget to await a guard, or handle its refusal: a server for each place. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import {
  createServer as createServer2,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { withSessions as withFetchSessions } from '../../src/adapters/fetch.ts'
import { withSessions } from '../../src/adapters/node/node.ts'
import { createSessions, type EventFacts, type Sessions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET } from '../session/visitor.ts'
import { asListener } from './csrf-site.ts'
import { EXPRESS } from './express-versions.ts'
import { factsOf } from '../session/facts-of.ts'

const adapter = process.argv[2] ?? ''
let now = Date.now()
const told = { events: [] as EventFacts[], lines: [] as string[] }
// oxlint-disable-next-line no-console -- the test asks over HTTP what was printed, and in which order
console.warn = console.error = (...line) => told.lines.push(line.map(String).join(' '))

const kept = memoryStore()
let isAway = false
const store: typeof kept = {
  ...kept,
  read: (key) => (isAway ? Promise.reject(new Error('away')) : kept.read(key)),
}

type Send = (text: string) => void
type Pages = Readonly<Record<string, (carrier: object, send: Send) => unknown>>

const PLACES = {
  'a signed cookie': {},
  'an encrypted cookie': { encrypt: true },
  'a store': { store },
}

const ports: Record<string, number> = {}
for (const [place, options] of Object.entries(PLACES)) {
  const sessions = createSessions<{ note: string }>({
    secret: SECRET,
    cookie: { name: 'session', secure: false },
    clock: () => now,
    onEvent: (event) => told.events.push(factsOf(event)),
    ...options,
  })
  const server = serverOf(sessions, pagesOf(sessions)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ports[place] = (server.address() as AddressInfo).port
}
process.send?.({ ports })

function pagesOf(sessions: Sessions<{ note: string }>): Pages {
  /** A function of the app that awaits the guard. */
  const requireUser = async (carrier: object) => void (await sessions.signedIn(carrier))
  const userOf = async (carrier: object) => {
    try {
      return (await sessions.signedIn(carrier)).userId
    } catch {
      return undefined
    }
  }
  return {
    forgotten(carrier, send) {
      void sessions.signedIn(carrier)
      send('SECRET')
    },
    async 'forgotten-later'(carrier, send) {
      void sessions.signedIn(carrier)
      await turn()
      send('SECRET')
    },
    'forgotten-csrf'(carrier, send) {
      void sessions.checkCsrf(carrier)
      send('SECRET')
    },
    'forgotten-fresh'(carrier, send) {
      void sessions.signedIn(carrier, { within: '10m' })
      send('SECRET')
    },
    'forgotten-function'(carrier, send) {
      void requireUser(carrier)
      send('SECRET')
    },
    async 'forgotten-function-later'(carrier, send) {
      void requireUser(carrier)
      await turn()
      await turn()
      send('SECRET')
    },
    'forgotten-then'(carrier, send) {
      void sessions.signedIn(carrier).then(() => {})
      send('SECRET')
    },
    'forgotten-finally'(carrier, send) {
      void sessions.signedIn(carrier).finally(() => {})
      send('SECRET')
    },
    'forgotten-all'(carrier, send) {
      void Promise.all([sessions.signedIn(carrier), sessions.get(carrier)])
      send('SECRET')
    },
    async 'forgotten-until-sent'(carrier, send) {
      const asking = sessions.signedIn(carrier)
      send('SECRET')
      await asking
    },
    async 'forgotten-after-writing'(carrier, send) {
      const session = await sessions.get(carrier)
      session.set('note', 'SECRET')
      void sessions.signedIn(carrier)
      send('SECRET')
    },
    async awaited(carrier, send) {
      await sessions.signedIn(carrier)
      send('SECRET')
    },
    async caught(carrier, send) {
      try {
        await sessions.signedIn(carrier)
        send('SECRET')
      } catch {
        send('please')
      }
    },
    async 'caught-at-once'(carrier, send) {
      const session = await sessions.signedIn(carrier).catch(() => undefined)
      send(session ? 'SECRET' : 'please')
    },
    async 'caught-later'(carrier, send) {
      const asking = sessions.signedIn(carrier)
      await turn()
      const session = await asking.catch(() => undefined)
      send(session ? 'SECRET' : 'please')
    },
    /** As a page whose head is sent while its visitor is looked up. */
    async 'caught-while-sending'(carrier, send) {
      const asking = userOf(carrier)
      send('please')
      await asking
    },
    async 'caught-in-all'(carrier, send) {
      const [asked] = await Promise.allSettled([sessions.signedIn(carrier)])
      send(asked.status === 'fulfilled' ? 'SECRET' : 'please')
    },
    async 'sign-in'(carrier, send) {
      const session = await sessions.get(carrier)
      session.login('ada')
      send('welcome')
    },
    'an-hour-later'(_carrier, send) {
      now += 3_600_000
      send('later')
    },
    /** The store is away from now on, or there again. */
    away(_carrier, send) {
      isAway = !isAway
      send(String(isAway))
    },
    /** What was told since the last time. */
    told(_carrier, send) {
      send(JSON.stringify(told))
      told.events.length = told.lines.length = 0
    },
    async note(carrier, send) {
      send((await sessions.get(carrier)).get('note', 'none'))
    },
  }
}

function serverOf(sessions: Sessions, pages: Pages): Server {
  const listener: Listener = (req, res) =>
    pages[req.url!.slice(1)]!(req, (text) => void res.end(text))
  switch (adapter) {
    case 'node:http':
      return createServer(withSessions(sessions, listener))
    case 'node:http2':
      return createServer2(
        withSessions<Http2ServerRequest, Http2ServerResponse>(sessions, listener),
      )
    case 'Fetch':
      return createServer(
        asListener(withFetchSessions(sessions, (request) => fetched(pages, request))),
      )
    default:
      return createServer(expressOf(adapter as keyof typeof EXPRESS, sessions, pages))
  }
}

type Listener = (req: { url?: string | undefined }, res: { end(text: string): unknown }) => unknown

async function fetched(pages: Pages, request: Request): Promise<Response> {
  let sent = ''
  await pages[new URL(request.url).pathname.slice(1)]!(request, (text) => (sent = text))
  return new Response(sent)
}

function expressOf(version: keyof typeof EXPRESS, sessions: Sessions, pages: Pages) {
  const app = EXPRESS[version]().set('env', 'production').use(sessionMiddleware(sessions))
  for (const [path, page] of Object.entries(pages)) {
    app.all(`/${path}`, (req, res) => page(req, (text) => void res.type('text').send(text)) as void)
  }
  return app
}
