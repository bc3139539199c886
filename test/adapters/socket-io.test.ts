/** Socket.IO: its handshake, by WebSocket and by polling, with a session that ends. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { mountUpgrade } from '../../src/adapters/node/node.ts'
import { sessionsInStore, signIn } from './upgrade-site.ts'

const EVIL = 'https://evil.example'

/** A server that signed-in visitors of the own origin may connect to. */
async function site() {
  const { sessions, events } = sessionsInStore()
  const server = createServer()
  const io = new Server(server, {
    allowRequest(req, decide) {
      mountUpgrade(sessions, req)
      sessions.checkCsrf(req).then(
        () => decide(null, true),
        () => decide('cross-site', false),
      )
    },
  })
  io.use((socket, next) => {
    sessions.signedIn(socket.request).then(() => next(), next)
  })
  io.on('connection', async (socket) => {
    const session = await sessions.get(socket.request)
    socket.on(
      'disconnect',
      sessions.onEnded(session.handle, () => socket.disconnect(true)),
    )
    socket.on('who', async (answer) => {
      await session.reload()
      answer(session.userId)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => io.close())
  const { port } = server.address() as AddressInfo
  return { sessions, events, port, origin: `http://127.0.0.1:${port}` }
}

/** A transport of Engine.IO: sends packets, and returns the next one that arrives. */
interface Transport {
  send(packet: string): unknown
  next(): Promise<string>
}

type Connect = (port: number, headers: Record<string, string>) => Promise<Transport | string>

const TRANSPORTS: Record<string, Connect> = {
  async websocket(port, headers) {
    const url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`
    const ws = new WebSocket(url, { headers })
    onTestFinished(() => ws.terminate())
    const packets: string[] = []
    let wake = () => {}
    ws.on('message', (packet) => (packets.push(String(packet)), wake()))
    ws.on('close', () => (packets.push('closed'), wake()))
    const refused = await new Promise<string | undefined>((resolve) => {
      ws.once('open', () => resolve(undefined))
      ws.on('error', (error) => resolve(error.message))
    })
    if (refused !== undefined) return refused
    const next = async () => {
      while (packets.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return packets.shift()!
    }
    await next()
    return { send: (packet) => ws.send(packet), next }
  },
  async polling(port, headers) {
    const url = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`
    const begun = await fetch(url, { headers })
    const text = await begun.text()
    if (begun.status !== 200) return `${begun.status} ${text}`
    const { sid } = JSON.parse(text.slice(1)) as { sid: string }
    const packets: string[] = []
    return {
      send: (body) => fetch(`${url}&sid=${sid}`, { method: 'POST', headers, body }),
      async next() {
        if (packets.length === 0) {
          const reply = await fetch(`${url}&sid=${sid}`, { headers })
          packets.push(...(await reply.text()).split('\x1e'))
        }
        return packets.shift()!
      },
    }
  },
}

describe.each(Object.entries(TRANSPORTS))('Socket.IO by %s', (_name, connect) => {
  const open = async (port: number, headers: Record<string, string>) => {
    const transport = await connect(port, headers)
    if (typeof transport === 'string') throw new Error(transport)
    return transport
  }

  it('refuses a page of another origin before a session is opened', async () => {
    const { sessions, port, events } = await site()
    const { cookie } = await signIn(sessions)
    expect(await connect(port, { cookie, origin: EVIL })).toMatch(/4(00|03)/)
    expect(events).toContainEqual(expect.objectContaining({ type: 'csrf-refused', why: 'origin' }))
  })

  it('gives a socket its session, and tells who is not signed in', async () => {
    const { sessions, port, origin } = await site()
    const { cookie } = await signIn(sessions)
    const ada = await open(port, { cookie, origin })
    await ada.send('40')
    expect(await ada.next()).toMatch(/^40/)
    await ada.send('420["who"]')
    expect(await ada.next()).toBe('430["ada"]')
    const nobody = await open(port, { origin })
    await nobody.send('40')
    expect(await nobody.next()).toMatch(/^44.*not signed in/)
  })

  it('ends a socket with its session', async () => {
    const { sessions, port, origin } = await site()
    const { cookie } = await signIn(sessions)
    const ada = await open(port, { cookie, origin })
    await ada.send('40')
    expect(await ada.next()).toMatch(/^40/)
    await ada.send('420["who"]')
    expect(await ada.next()).toBe('430["ada"]')
    await sessions.revokeUser('ada')
    expect(await ada.next()).toMatch(/^(41|1|closed)/)
  })
})

it('mounts a request of Socket.IO as late as io.use, too', async () => {
  const { sessions } = sessionsInStore()
  const server = createServer()
  const io = new Server(server)
  io.use((socket, next) => {
    mountUpgrade(sessions, socket.request)
    sessions.checkCsrf(socket.request).then(() => next(), next)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => io.close())
  const { port } = server.address() as AddressInfo
  for (const [origin, packet] of [
    [EVIL, /^44.*CSRF/],
    [`http://127.0.0.1:${port}`, /^40/],
  ] as const) {
    const transport = await TRANSPORTS['websocket']!(port, { origin })
    if (typeof transport === 'string') throw new Error(transport)
    await transport.send('40')
    expect(await transport.next()).toMatch(packet)
  }
})
