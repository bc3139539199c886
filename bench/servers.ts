/** Servers in processes of their own, and many requests to them at once. */

import { fork } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/** How many connections there are. */
export const CONNECTIONS = 50

/** Answers one request. */
export type Listener = (req: IncomingMessage, res: ServerResponse) => void

/** The server: answers each message with the processor time since the last one. */
export function serve(listener: Listener): void {
  const server = createServer(listener).listen(0, '127.0.0.1', () => {
    process.send!((server.address() as AddressInfo).port)
  })
  let before = process.cpuUsage()
  process.on('message', () => {
    const { user, system } = process.cpuUsage(before)
    before = process.cpuUsage()
    process.send!(user + system)
  })
}

/** A server in a process of its own. */
export interface Server {
  port: number
  /** The processor time since it was last asked, in microseconds. */
  used(): Promise<number>
  stop(): void
}

/** Starts `file --serve name`, which has to call `serve`. */
export async function start(file: string, name: string): Promise<Server> {
  const child = fork(file, ['--serve', name], {
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const answer = () =>
    new Promise<number>((done) => child.once('message', (told) => done(Number(told))))
  const port = await answer()
  return {
    port,
    used() {
      const told = answer()
      child.send('used')
      return told
    },
    stop: () => void child.kill(),
  }
}

/**
 * Sends that many requests over 50 connections, each waiting for its answer. Where there are several
 * texts, each connection sends one of them, again and again.
 */
export async function flood(
  port: number,
  requests: string | readonly string[],
  count: number,
): Promise<void> {
  let left = count
  await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, connection) => {
      const request =
        typeof requests === 'string' ? requests : requests[connection % requests.length]!
      return new Promise<void>((done, failed) => {
        const socket = connect(port, '127.0.0.1')
        let heard = ''
        const next = () => {
          if (left-- > 0) socket.write(request)
          else socket.end()
        }
        socket
          .setEncoding('latin1')
          .on('connect', next)
          .on('error', failed)
          .on('close', () => done())
        socket.on('data', (text: string) => {
          heard += text
          const head = heard.indexOf('\r\n\r\n')
          const length = Number(/content-length: (\d+)/i.exec(heard)?.[1])
          if (head < 0 || heard.length < head + 4 + length) return
          if (!heard.startsWith('HTTP/1.1 200')) failed(new Error(heard))
          heard = ''
          next()
        })
      })
    }),
  )
}
