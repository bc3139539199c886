/** Runs a scenario on a real server and tells everything that can be seen of it. */

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { Middleware, Scenario } from './gate-scenarios.ts'
import { loose } from './loose.ts'

/** What was seen of an exchange, from both sides. */
export interface Observation {
  status: number | undefined
  reason: string | undefined
  /** In order, names as they came; each name once, with all its values. */
  headers: [name: string, ...values: string[]][]
  trailers: string[]
  informational: number[]
  body: string
  /** How the response ended for the client. */
  ending: string
  /** What the handler saw, and how the response ended for it. */
  seen: unknown[][]
  events: string[]
}

type Listener = (req: IncomingMessage, res: ServerResponse) => void
type Client = Omit<Observation, 'seen' | 'events'>

/** Starts a server, does something with its port, and stops it. */
export async function serving<Result>(
  protocol: 'http1' | 'http2',
  listener: Listener,
  visit: (port: number) => Promise<Result>,
): Promise<Result> {
  const server: Server =
    protocol === 'http1' ? createServer(listener) : createHttp2Server(listener as never)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  try {
    return await visit((server.address() as AddressInfo).port)
  } finally {
    await new Promise((done) => {
      server.close(done)
      if ('closeAllConnections' in server) loose(server)['closeAllConnections']!()
    })
  }
}

/** Runs a scenario, with a gate or without one. */
export async function observe(
  scenario: Scenario,
  protocol: 'http1' | 'http2',
  gate?: (res: ServerResponse) => void,
): Promise<Observation> {
  const seen: unknown[][] = []
  const events: string[] = []
  let closed = () => {}
  const isClosed = new Promise<void>((done) => (closed = done))
  const mount: Middleware[] = [
    scenario.before ?? pass,
    (_req, res, next) => {
      gate?.(res)
      next()
    },
    scenario.after ?? pass,
  ]
  const listener: Listener = (req, res) => {
    for (const event of ['prefinish', 'finish', 'close', 'error']) {
      res.on(event, (error?: { code?: string }) => {
        events.push(error?.code ? `${event} ${error.code}` : event)
        if (event === 'close') closed()
      })
    }
    // An error of the stream reaches the request, and would end the process.
    req.on('error', () => {})
    for (const [index, middleware] of mount.entries()) {
      if (index < mount.length) middleware(req, res, () => {})
    }
    const note = (...items: unknown[]) => void seen.push(items)
    const attempt = (name: string, action: () => unknown) => {
      try {
        action()
        note(name, 'fine')
      } catch (error) {
        note(name, (error as { code?: string }).code ?? (error as Error).message)
      }
    }
    scenario.handler({ req, res, note, attempt })
  }
  const client = await serving(protocol, listener, async (port) => {
    const answer = await (protocol === 'http1' ? askHttp1 : askHttp2)(port, scenario)
    await isClosed
    return answer
  })
  return { ...client, seen, events }
}

const pass: Middleware = (_req, _res, next) => next()

/** What a client has seen before anything has arrived. */
function nothingYet(): Client {
  return {
    status: undefined,
    reason: undefined,
    headers: [],
    trailers: [],
    informational: [],
    body: '',
    ending: 'complete',
  }
}

/** Asks once, over HTTP/1. */
export function askHttp1(
  port: number,
  { method = 'GET', headers = {} }: Pick<Scenario, 'method' | 'headers'> = {},
): Promise<Client> {
  return new Promise((resolve) => {
    const client = nothingYet()
    const chunks: Buffer[] = []
    const done = () => resolve(withBody(client, chunks))
    const req = request({ port, host: '127.0.0.1', method, headers, agent: false })
    req.on('information', ({ statusCode }) => client.informational.push(statusCode))
    req.on('error', (error: { code?: string }) => {
      client.ending = error.code ?? 'error'
      done()
    })
    req.on('response', (res) => {
      client.status = res.statusCode
      client.reason = res.statusMessage
      client.headers = grouped(res.rawHeaders)
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', (error: { code?: string }) => (client.ending = error.code ?? 'error'))
      res.on('close', () => {
        client.trailers = res.rawTrailers
        done()
      })
    })
    req.end()
  })
}

/** Asks once, over HTTP/2. */
export async function askHttp2(
  port: number,
  { method = 'GET', headers = {} }: Pick<Scenario, 'method' | 'headers'> = {},
): Promise<Client> {
  const session = connect(`http://127.0.0.1:${port}`)
  const client = nothingYet()
  const chunks: Buffer[] = []
  const stream = session.request({ ':path': '/', ':method': method, ...headers })
  stream.on('response', (answer, _flags, raw: string[] = []) => {
    client.status = answer[':status']
    client.headers = grouped(raw).filter(([name]) => !name.startsWith(':'))
  })
  stream.on('trailers', (_trailers, _flags, raw: string[] = []) => (client.trailers = raw))
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', (error: { code?: string }) => (client.ending = error.code ?? 'error'))
  await new Promise((done) => stream.on('close', done))
  if (client.ending === 'complete' && stream.rstCode !== 0) client.ending = `${stream.rstCode}`
  session.close()
  return withBody(client, chunks)
}

function withBody(client: Client, chunks: Buffer[]): Client {
  const bytes = Buffer.concat(chunks)
  const isGzip = client.headers.some(
    ([name, value]) => name.toLowerCase() === 'content-encoding' && value === 'gzip',
  )
  return { ...client, body: (isGzip && bytes.length > 0 ? gunzipSync(bytes) : bytes).toString() }
}

function grouped(raw: readonly string[]): Client['headers'] {
  const found = new Map<string, [string, ...string[]]>()
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [raw[i] as string, raw[i + 1] as string]
    const known = found.get(name.toLowerCase())
    if (known) known.push(value)
    else
      found.set(name.toLowerCase(), [
        name,
        /^date$/i.test(name) && /GMT/.test(value) ? 'now' : value,
      ])
  }
  return [...found.values()]
}
