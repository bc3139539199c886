/** A server whose WebSockets have sessions, and clients that open them. */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { createSessions, type SessionEvent, type SessionOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'

/** Sessions in a store, and what they reported. */
export function sessionsInStore(options: Partial<SessionOptions> = {}) {
  const events: SessionEvent[] = []
  const sessions = createSessions({
    secret: 'websockets-of-a-test-83c1f0a7be59d264',
    cookie: { name: 'session', secure: false },
    store: memoryStore(),
    onEvent: (event) => events.push(event),
    ...options,
  } as SessionOptions & { store: ReturnType<typeof memoryStore> })
  return { sessions, events }
}

type Sessions = ReturnType<typeof sessionsInStore>['sessions']

/** Signs somebody in; returns the Cookie header, and the session's handle. */
export async function signIn(sessions: Pick<Sessions, 'open'>, user = 'ada') {
  const session = await sessions.open(null)
  session.login(user)
  const [line = ''] = (await session.commit()).getSetCookie()
  return { cookie: line.split(';')[0]!, handle: session.handle! }
}

/** What a listener for `upgrade` gets. */
export type OnUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => unknown

/** A server with that listener; ends with the test. */
export async function upgradeServer(listen: (accept: Accept) => OnUpgrade) {
  const server = createServer((_req, res) => void res.end('a page'))
  const wss = new WebSocketServer({ noServer: true })
  const accepted: WebSocket[] = []
  const listener = listen((req, socket, head, use) =>
    wss.handleUpgrade(req, socket, head, (ws) => {
      accepted.push(ws)
      use?.(ws)
    }),
  )
  server.on('upgrade', (...args) => {
    // As a listener of the app: what its promise rejects with, nobody handles.
    listener(...args)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  onTestFinished(() => {
    for (const ws of accepted) ws.terminate()
    server.closeAllConnections()
    server.close()
  })
  return { server, port, accepted, origin: `http://127.0.0.1:${port}` }
}

type Accept = (
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  use?: (ws: WebSocket) => void,
) => void

/** Opens a socket as a browser does, or as a program does: without Origin. */
export async function open(
  port: number,
  headers: Record<string, string>,
): Promise<{ ws: WebSocket; closed: Promise<number> } | { refused: string }> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`, { headers })
  onTestFinished(() => ws.terminate())
  const closed = new Promise<number>((resolve) => void ws.once('close', resolve))
  return new Promise((resolve) => {
    ws.once('open', () => resolve({ ws, closed }))
    ws.once('unexpected-response', (_req, res) => resolve({ refused: `${res.statusCode}` }))
    ws.on('error', (error) => resolve({ refused: error.message }))
  })
}

/** Sends a message, and returns the answer. */
export async function ask(ws: WebSocket, question: string): Promise<string> {
  const answer = once(ws, 'message') as Promise<[RawData]>
  ws.send(question)
  return String((await answer)[0])
}

/** The socket of an outcome that has to be open. */
export function opened(outcome: Awaited<ReturnType<typeof open>>) {
  if ('refused' in outcome) throw new Error(`The socket was refused: ${outcome.refused}`)
  return outcome
}
