/** Sends many requests over 50 keep-alive connections, with as little work of its own as possible. */

import { connect } from 'node:net'

/** How many connections there are. */
export const CONNECTIONS = 50

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = '0\r\n\r\n'

/** Makes a session for each connection, and returns their Cookie headers. */
export async function visitors(port: number): Promise<string[]> {
  const made: string[] = []
  while (made.length < CONNECTIONS) {
    const response = await fetch(`http://127.0.0.1:${port}/new`)
    if (!response.ok) throw new Error(`/new was answered ${response.status}.`)
    await response.text()
    const pairs = response.headers.getSetCookie().map((line) => line.split(';', 1)[0])
    made.push(pairs.join('; '))
  }
  return made
}

/**
 * Sends `count` requests in all. Each connection has its own cookie and waits for its answers.
 *
 * @returns how long each request took, in milliseconds.
 */
export async function flood(
  port: number,
  path: string,
  cookies: readonly string[],
  count: number,
): Promise<number[]> {
  const latencies: number[] = []
  let left = count
  const connection = (cookie: string) =>
    new Promise<void>((resolve, reject) => {
      const request = Buffer.from(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`,
      )
      const socket = connect(port, '127.0.0.1').setNoDelay(true)
      let heard: Buffer | undefined
      let sent = 0
      const next = () => {
        if (left-- <= 0) return void socket.end()
        sent = performance.now()
        socket.write(request)
      }
      socket.on('connect', next).on('error', reject)
      socket.on('close', () => resolve())
      socket.on('data', (chunk: Buffer) => {
        heard = heard ? Buffer.concat([heard, chunk]) : chunk
        if (!isWhole(heard)) return
        if (heard.toString('latin1', 0, 12) !== 'HTTP/1.1 200') reject(new Error(heard.toString()))
        heard = undefined
        latencies.push(performance.now() - sent)
        next()
      })
    })
  const stop = stayAwake()
  await Promise.all(cookies.map(connection))
  stop()
  return latencies
}

/**
 * Keeps this process from sleeping until the function it returns is called.
 *
 * A write that wakes a sleeping client costs the server twice as much processor time. Only the
 * slower of two servers lets its client sleep, so that it would seem slower still.
 */
function stayAwake(): () => void {
  let turn: NodeJS.Immediate
  const again = () => void (turn = setImmediate(again))
  again()
  return () => clearImmediate(turn)
}

function isWhole(heard: Buffer): boolean {
  const head = heard.indexOf(HEAD_END)
  if (head < 0) return false
  const length = /content-length: (\d+)/i.exec(heard.toString('latin1', 0, head))?.[1]
  if (length === undefined)
    return heard.subarray(-LAST_CHUNK.length).toString('latin1') === LAST_CHUNK
  return heard.length >= head + HEAD_END.length + Number(length)
}
