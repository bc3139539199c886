/** An app of Express with the inspector, and what a developer reads about it on the console and there. */

import { createServer, request as send, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import { onTestFinished, vi } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/express.ts'
import { inspector, type InspectorOptions } from '../../src/devtools/devtools.ts'
import type { Explanation } from '../../src/devtools/explain.ts'
import type { Snapshot } from '../../src/devtools/snapshot.ts'
import type { Entry } from '../../src/devtools/timeline.ts'
import { createSessions, type SessionOptions } from '../../src/index.ts'

export const SECRET = 'pW7vX2qLr9TzK4mBn8YcJ5hGd3FsA6eu'
export const OLD_SECRET = 'Zk3nVb7QxRm5tLwP9sHc2JyDf8GaE4uT'
export const T0 = 1_700_000_000_000

/** The address that requests are said to be for: a test's own port is another one each time. */
const HOST = 'localhost:3000'

export interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: string
  /** The cookie that the response sets, as a browser sends it. */
  readonly cookie: string | undefined
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: string
}

export type State = Snapshot & { timeline: Entry[]; token: string }
export type Explained = Explanation & { verdict: string[] }

/** What `console.warn` and `console.error` were called with, from now on until the test is over. */
export function consoleOfTest(): string[] {
  const lines: string[] = []
  for (const method of ['warn', 'error'] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => {
      lines.push(parts.map(String).join(' '))
    })
    onTestFinished(() => spy.mockRestore())
  }
  return lines
}

/** Serves until the test is over; what `ask` requests of it. */
export async function served(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`

  function ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const given = { host: HOST, ...headers }
      const asked = send(`${url}${path}`, { method, headers: given, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('error', reject)
        response.on('end', () => {
          const [line] = response.headers['set-cookie'] ?? []
          const cookie = line?.split(';', 1)[0]
          const { statusCode: status = 0, headers: got } = response
          resolve({ status, headers: got, body: text, cookie })
        })
      })
      asked.on('error', reject)
      asked.end(body)
    })
  }

  return { ...inspectorAt(ask), ask, url }
}

export type Served = Awaited<ReturnType<typeof served>>

/** What the inspector at a path says. */
export function inspectorAt(
  ask: (path: string, given?: Ask) => Promise<Answer>,
  path = '/__sessions',
) {
  const state = async (cookie?: string): Promise<State> => {
    const { body } = await ask(`${path}/state`, cookie === undefined ? {} : { headers: { cookie } })
    return JSON.parse(body) as State
  }
  return {
    state,
    /** The entries of the timeline with a title. */
    entries: async (title: string) =>
      (await state()).timeline.filter((entry) => entry.title === title).map(({ says }) => says),
    async act(what: string, given: object): Promise<Answer> {
      const { token } = await state()
      const body = JSON.stringify({ ...given, token })
      return ask(`${path}/${what}`, { method: 'POST', body })
    },
    async explain(text: string): Promise<Explained[]> {
      const { token } = await state()
      const body = JSON.stringify({ text, token })
      const answer = await ask(`${path}/explain`, { method: 'POST', body })
      return JSON.parse(answer.body) as Explained[]
    },
  }
}

/** An app whose routes are those of a beginner's, whose clock the test moves. */
export async function appWith(
  options: Partial<SessionOptions> = {},
  {
    routes,
    before,
    inspect = { secret: SECRET },
    clock = { now: T0 },
  }: {
    /** Routes after the session middleware. */
    routes?: (app: Express, sessions: ReturnType<typeof createSessions<any>>) => void
    /** Routes before it. */
    before?: (app: Express, sessions: ReturnType<typeof createSessions<any>>) => void
    inspect?: InspectorOptions
    /** Moved by the test. */
    clock?: { now: number }
  } = {},
) {
  const sessions = createSessions<any>({ secret: SECRET, clock: () => clock.now, ...options })
  const app = express()
  app.use(inspector(sessions, inspect))
  before?.(app, sessions)
  app.use(sessionMiddleware(sessions))
  app.all('/', async (req, res) => {
    const session = await sessions.get(req)
    res.send(String(session.userId ?? session.get('visits') ?? 'nobody'))
  })
  app.all('/write', async (req, res) => {
    const session = await sessions.get(req)
    session.update('visits', (visits = 0) => visits + 1)
    res.send('ok')
  })
  app.all('/login', async (req, res) => {
    const session = await sessions.get(req)
    session.login('ada')
    res.send('ok')
  })
  app.all('/logout', async (req, res) => {
    const session = await sessions.get(req)
    session.logout()
    res.send('ok')
  })
  app.all('/renew', async (req, res) => {
    const session = await sessions.get(req)
    session.regenerate()
    res.send('ok')
  })
  routes?.(app, sessions)
  return { ...(await served(app)), app, sessions, clock }
}
