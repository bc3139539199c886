/** A request of `node:http` as a `Request`, and a `Response` sent through it. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { FORWARDING } from './loopback.ts'

/** No form of the inspector is longer, in characters. */
export const LONGEST_BODY = 65_536

/**
 * The URL of a request if it is one for the inspector. In a router that is mounted at a path, Express
 * removes that path from `url`: the inspector is then at both.
 */
export function urlFor(
  req: IncomingMessage,
  isOurs: (pathname: string) => boolean,
): string | undefined {
  const { originalUrl } = req as { originalUrl?: string | undefined }
  return [originalUrl, req.url].find((url) => url !== undefined && isOurs(pathnameOf(url)))
}

/** The path of a URL, without `..`. */
function pathnameOf(url: string): string {
  // `*`, or the absolute form that a proxy gets.
  return url.startsWith('/') ? new URL(`http://localhost${url}`).pathname : url
}

/** The request, with its body. */
export async function requestOf(req: IncomingMessage, url: string): Promise<Request> {
  const { host = req.headers[':authority'] ?? 'localhost' } = req.headers
  const headers = new Headers()
  for (const name of PASSED_ON) {
    const value = req.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  const { method = 'GET' } = req
  const isRead = method === 'GET' || method === 'HEAD'
  return new Request(`http://${String(host)}${url}`, {
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
    // Read to its end all the same, so that the browser reads the response.
    if (text.length <= LONGEST_BODY) text += String(chunk)
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
