/** What a session costs a node:http server, in its own processor time: `node bench/http.ts`. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { withSessions } from '../src/adapters/node/node.ts'
import { createSessions } from '../src/index.ts'
import { median } from './measure.ts'
import { small } from './payloads.ts'
import { flood, type Listener, serve, type Server, start } from './servers.ts'

const SECRET = 'kZ3bq0Wm9yN7uV1tR5xP8cL2aE6dG4hJ-oF_iSwQzXY'
const ROUNDS = Number(process.argv[2] ?? 9)
const PER_ROUND = 4000

function listeners(): Record<string, Listener> {
  const sessions = createSessions<any>({
    secret: SECRET,
    cookie: { name: 'session', secure: false },
  })
  const require = createRequire(import.meta.url)
  const cookieSession = require('cookie-session') as (
    options: object,
  ) => (req: IncomingMessage, res: ServerResponse, next: () => void) => void
  const handle = cookieSession({ name: 'session', keys: [SECRET], sameSite: 'lax' })
  const ours = withSessions(sessions, async (req: IncomingMessage, res: ServerResponse) => {
    if (req.url === '/unasked') return res.end('hello')
    const session = await sessions.get(req)
    if (req.url === '/new')
      for (const [key, value] of Object.entries(small)) session.set(key, value)
    if (req.url === '/write') session.update('visits', (visits = 0) => visits + 1)
    res.end(String(session.get('user_id')))
  })
  return {
    none: (req, res) => res.end(req.url === '/unasked' ? 'hello' : '4217'),
    ours,
    'cookie-session': (req, res) =>
      handle(req, res, () => {
        if (req.url === '/unasked') return res.end('hello')
        const session = (req as unknown as { session: Record<string, any> }).session
        if (req.url === '/new') Object.assign(session, small)
        if (req.url === '/write') session['visits']++
        res.end(String(session['user_id']))
      }),
  }
}

async function main(): Promise<void> {
  const servers = new Map<string, Server>()
  const cookies = new Map<string, string>()
  for (const name of Object.keys(listeners())) {
    const server = await start(import.meta.filename, name)
    servers.set(name, server)
    const response = await fetch(`http://127.0.0.1:${server.port}/new`)
    cookies.set(
      name,
      response.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; '),
    )
  }
  const cookieOf = (name: string) => cookies.get(name) || cookies.get('ours')!
  console.log(
    `Node ${process.version}: microseconds of processor time per request (requests for none / for this one)`,
  )
  for (const path of ['/unasked', '/read', '/write']) {
    const taken = new Map([...servers.keys()].map((name) => [name, [] as number[]]))
    for (let round = -1; round < ROUNDS; round++) {
      for (const [name, server] of servers) {
        const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookieOf(name)}\r\n\r\n`
        await server.used()
        await flood(server.port, request, PER_ROUND)
        const used = (await server.used()) / PER_ROUND
        if (round >= 0) taken.get(name)!.push(used)
      }
    }
    const none = median(taken.get('none')!)
    const cells = [...taken].map(([name, times]) => {
      return `${name} ${median(times).toFixed(1)} (${(none / median(times)).toFixed(2)})`
    })
    console.log(`${path.padEnd(9)} ${cells.join('   ')}`)
  }
  for (const server of servers.values()) server.stop()
}

if (process.argv[2] === '--serve') serve(listeners()[process.argv[3]!]!)
else await main()
