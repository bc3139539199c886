import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import compression from 'compression'
import express, { type Express, type RequestHandler } from 'express'
import { Server } from 'socket.io'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { browser, get, listen, type Request } from './site.ts'
import { WORLDS } from './worlds.ts'

const LONG = 'x'.repeat(300_000)

const bag = (req: object) => (req as Request).session

function pages(app: Express): RequestListener {
  app.get('/set', (req, res) => {
    bag(req).user = 'ann'
    res.send('set')
  })
  app.get('/long', (req, res) => {
    bag(req).long = (bag(req).long ?? 0) + 1
    Readable.from(LONG.match(/.{10000}/g)!).pipe(res)
  })
  app.get('/throw', (req) => {
    bag(req).thrown = 'saved'
    throw new Error('of the app')
  })
  app.get('/redirect', (req, res) => {
    bag(req).to = 'there'
    res.redirect('/get')
  })
  app.get('/get', (req, res) => {
    const { cookie: _cookie, ...data } = bag(req)
    res.json(data)
  })
  app.use(((error, _req, res, _next) => {
    res.status(500).send((error as Error).message)
  }) as express.ErrorRequestHandler)
  return app as never
}

describe.each(WORLDS.map((world) => [world.name, world] as const))(
  'with other middleware, on %s',
  (name, world) => {
    const data = async (visitor: ReturnType<typeof browser>) =>
      JSON.parse((await visitor.get('/get')).text)

    const orders: [string, (session: RequestHandler) => RequestHandler[]][] = [
      ['compression first', (session) => [compression({ threshold: 0 }), session]],
      ['compression second', (session) => [session, compression({ threshold: 0 })]],
      ['the session twice', (session) => [session, session]],
    ]
    test.each(orders)('%s: answers are whole, and changes are saved', async (_order, use) => {
      const app = express().use(...use(await world.middleware()))
      const origin = await listen(pages(app))
      const visitor = browser({ origin })
      expect((await visitor.get('/set')).text).toBe('set')
      expect((await visitor.get('/long')).text).toBe(LONG)
      expect((await visitor.get('/long', { 'accept-encoding': 'gzip' })).status).toBe(200)
      expect(await data(visitor)).toEqual({ user: 'ann', long: 2 })
    })

    test('a page that throws has its changes saved, and the error handler answers', async () => {
      const origin = await listen(pages(express().use(await world.middleware())))
      const visitor = browser({ origin })
      expect(await visitor.get('/throw')).toMatchObject({ status: 500, text: 'of the app' })
      expect(await data(visitor)).toEqual({ thrown: 'saved' })
    })

    test('HEAD and a redirect save as well', async () => {
      const origin = await listen(pages(express().use(await world.middleware())))
      const visitor = browser({ origin })
      const { cookie } = await get(origin, '/set', {}, 'HEAD')
      expect(cookie).toBeDefined()
      expect((await visitor.get('/redirect')).headers.location).toBe('/get')
      expect(await data(visitor)).toEqual({ to: 'there' })
    })

    test('socket.io sees the session, reloads it and saves it', async () => {
      const session = await world.middleware()
      const server = createServer(pages(express().use(session)))
      const io = new Server(server)
      onTestFinished(() => void io.close())
      io.engine.use(session as never)
      const told: unknown[] = []
      io.on('connection', (socket) => {
        const { request } = socket as unknown as { request: Request }
        told.push(request.session.user)
        socket.on('again', () => {
          request.session.reload((error?: Error) => {
            told.push(error?.message, request.session.to)
            request.session.socket = 'was here'
            request.session.save((failure?: Error) => {
              told.push(failure?.message)
              socket.emit('done')
            })
          })
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
      const visitor = browser({ origin: `http://${host}` })
      await visitor.get('/set')
      const cookie = [...visitor.jar].map((pair) => pair.join('=')).join('; ')
      const socket = new WebSocket(`ws://${host}/socket.io/?EIO=4&transport=websocket`, {
        headers: { cookie },
      })
      onTestFinished(() => socket.close())
      await packet(socket, '0')
      socket.send('40')
      await packet(socket, '40')
      expect(told).toEqual(['ann'])
      await visitor.get('/redirect')
      socket.send('42["again"]')
      await packet(socket, '42["done"]')
      if (name.endsWith('cookie')) {
        // A socket has no response that could set it: it has the session of its handshake.
        expect(told.slice(1)).toEqual([
          undefined,
          undefined,
          expect.stringMatching(/came too late/),
        ])
        return
      }
      expect(told.slice(1)).toEqual([undefined, 'there', undefined])
      expect(await data(visitor)).toMatchObject({ user: 'ann', to: 'there', socket: 'was here' })
    })
  },
)

/** Waits for a packet of Engine.IO or Socket.IO that begins so. */
function packet(socket: WebSocket, beginning: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.on('message', function listener(message: Buffer) {
      if (!String(message).startsWith(beginning)) return
      socket.off('message', listener)
      resolve()
    })
  })
}
