/** A request of `node:http` as a `Request`, and a `Response` sent through it. */

import type { IncomingMessage, ServerResponse } from 'node:http'

/** No form of the inspector is longer. */
const LONGEST_BODY = 65_536

/** The request, if it is for a path below `path`; its body is read only then. */
export async function requestOf(req: IncomingMessage, path: string): Promise<Request | undefined> {
  // In a router that is mounted at a path, Express removes that path from `url`.
  const { originalUrl = req.url ?? '/' } = req as { originalUrl?: string | undefined }
  if (!originalUrl.startsWith(path)) return undefined
  const { host = 'localhost' } = req.headers
  const headers = new Headers()
  for (const name of FORWARDED) {
    const value = req.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  const { method = 'GET' } = req
  const isRead = method === 'GET' || method === 'HEAD'
  return new Request(new URL(originalUrl, `http://${host}`), {
    method,
    headers,
    ...(!isRead && { body: await bodyOf(req) }),
  })
}

const FORWARDED = ['cookie', 'origin', 'sec-fetch-site', 'content-type', 'accept'] as const

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
  res.once('close', () => void reader.cancel().catch(() => {}))
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    res.write(value)
  }
  res.end()
}
