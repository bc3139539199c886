/** A request of `node:http` as a `Request`, and a `Response` sent through it. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { FORWARDING } from './loopback.ts'

/** No form of the inspector is longer. */
const LONGEST_BODY = 65_536

/** The path of a request, as a URL has it: without `..`. */
export function pathnameOf(req: IncomingMessage): string {
  const url = urlOf(req)
  // `*`, or the absolute form that a proxy gets.
  return url.startsWith('/') ? new URL(`http://localhost${url}`).pathname : url
}

// In a router that is mounted at a path, Express removes that path from `url`.
function urlOf(req: IncomingMessage): string {
  return (req as { originalUrl?: string | undefined }).originalUrl ?? req.url ?? '/'
}

/** The request, with its body. */
export async function requestOf(req: IncomingMessage): Promise<Request> {
  const { host = req.headers[':authority'] ?? 'localhost' } = req.headers
  const headers = new Headers()
  for (const name of PASSED_ON) {
    const value = req.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  const { method = 'GET' } = req
  const isRead = method === 'GET' || method === 'HEAD'
  return new Request(`http://${String(host)}${urlOf(req)}`, {
    method,
    headers,
    ...(!isRead && { body: await bodyOf(req) }),
  })
}

const PASSED_ON = ['cookie', 'origin', 'sec-fetch-site', 'content-type', ...FORWARDING] as const

async function bodyOf(req: IncomingMessage): Promise<string> {
  const { body } = req as { body?: unknown }
  // A body parser in front of the inspector has read it.
  if (body !== undefined) return typeof body === 'string' ? body : JSON.stringify(body)
  let text = ''
  req.setEncoding('utf8')
  for await (const chunk of req) {
    text += String(chunk)
    if (text.length > LONGEST_BODY) throw new Error('The request to the inspector is too long.')
  }
  return text
}

/** Sends a response; a stream until the browser goes away. */
export async function send(res: ServerResponse, response: Response): Promise<void> {
  res.writeHead(response.status, Object.fromEntries(response.headers))
  if (!response.body) {
    res.end()
    return
  }
  const reader = response.body.getReader()
  const stop = () => void reader.cancel().catch(() => {})
  // It may have been closed while the request waited: then there is no such event.
  if (res.destroyed) stop()
  else res.once('close', stop)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    res.write(value)
  }
  res.end()
}
