/** Asks a server of the tests over the wire, with every line of its answer. */

import { once } from 'node:events'
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { connect } from 'node:http2'
import { onTestFinished } from 'vitest'

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Asks an app. */
export type Ask = (path: string, init?: AskInit) => Promise<Answer>

export interface AskInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks a server of HTTP/1.1. */
export function askOver1(url: string): Ask {
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  return async (path, { method = 'GET', headers = {} } = {}) => {
    const sent = request(url + path, { agent, method, headers }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const pieces = (await response.toArray()) as Buffer[]
    return answer(response.statusCode, response.headers, pieces)
  }
}

/** Asks a server of HTTP/2. */
export function askOver2(url: string): Ask {
  const client = connect(url)
  onTestFinished(() => client.destroy())
  return async (path, { method = 'GET', headers = {} } = {}) => {
    const sent = client.request({ ':path': path, ':method': method, ...headers }).end()
    const pieces: Buffer[] = []
    sent.on('data', (piece: Buffer) => pieces.push(piece))
    const ended = once(sent, 'close')
    const [head] = (await once(sent, 'response')) as [OutgoingHttpHeaders]
    await ended
    return answer(Number(head[':status']), head, pieces)
  }
}

function answer(status = 0, head: OutgoingHttpHeaders, pieces: readonly Buffer[]): Answer {
  const headers = new Headers()
  for (const [name, value] of Object.entries(head)) {
    if (name.startsWith(':')) continue
    for (const line of [value].flat()) headers.append(name, String(line))
  }
  return { status, headers, body: Buffer.concat(pieces).toString() }
}
