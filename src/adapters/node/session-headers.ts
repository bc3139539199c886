/** Adds the session's headers to a Node response, and sends the fixed response of an error. */

import type { ServerResponse } from 'node:http'
import {
  changesCookies,
  isTargetedControl,
  type Outgoing,
  personalCacheControl,
  privateCacheControl,
  setsCookie,
  varyWithCookie,
  withSetCookie,
} from '../../http/headers.ts'
import { type Refusal, refusalOf } from '../../session/explain/refusal.ts'
import { isHttp2 } from './gate-checks.ts'

/** Merges the session's headers into those that the app has set. Parses only existing headers. */
export function addHeaders(res: ServerResponse, outgoing: Outgoing): void {
  const { vary, setCookie, isPersonal, onShared } = outgoing
  if (vary) {
    const existing = textOf(res.getHeader('vary'))
    res.setHeader('Vary', existing === undefined ? 'Cookie' : varyWithCookie(existing))
  }
  const isSet = setsCookie(outgoing)
  if (!isSet && isPersonal) {
    const existing = textOf(res.getHeader('cache-control'))
    res.setHeader('Cache-Control', personalCacheControl(existing, onShared))
  }
  if (!changesCookies(outgoing)) return
  const cookies = res.getHeader('set-cookie')
  if (cookies !== undefined) {
    const lines = Array.isArray(cookies) ? cookies : [String(cookies)]
    const left = withSetCookie(lines, setCookie, outgoing)
    if (left.length > 0) res.setHeader('Set-Cookie', left)
    else res.removeHeader('Set-Cookie')
  } else if (outgoing.also !== undefined || outgoing.former !== undefined) {
    res.setHeader('Set-Cookie', withSetCookie([], setCookie, outgoing))
  } else if (setCookie !== undefined) res.setHeader('Set-Cookie', [setCookie])
  if (!isSet) return
  const control = textOf(res.getHeader('cache-control'))
  res.setHeader('Cache-Control', control === undefined ? 'private' : privateCacheControl(control))
  for (const name of res.getHeaderNames()) {
    if (name.endsWith('-control') && isTargetedControl(name)) res.removeHeader(name)
  }
}

function textOf(value: number | string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value?.toString()
}

/** Redirects to a page of this site. No cache may store it: later the visitor may be signed in. */
export function sendRedirect(res: ServerResponse, location: string): void {
  // A timeout of the app may have responded already. Nothing would catch Node's error.
  if (res.headersSent) return
  res.statusCode = 303
  res.setHeader('Location', location)
  res.setHeader('Cache-Control', 'no-store')
  res.end()
}

/** A copy of a response's headers. */
export type HeadersThen = ReadonlyMap<string, number | string | string[]>

/** Copies the headers: Node appends to the array of a header in place. */
export function headersOf(res: ServerResponse): HeadersThen {
  const copy = new Map<string, number | string | string[]>()
  for (const name of res.getHeaderNames()) {
    const value = res.getHeader(name)
    if (value !== undefined) copy.set(name, Array.isArray(value) ? [...value] : value)
  }
  return copy
}

/** Sets the headers back to what they were. */
export function restoreHeaders(res: ServerResponse, before: HeadersThen): void {
  for (const name of res.getHeaderNames()) if (!before.has(name)) res.removeHeader(name)
  for (const [name, value] of before) res.setHeader(name, value)
}

type Send = (...args: any[]) => unknown

/**
 * Sends the fixed response of an error. `methods` are the response's own, or those from before the
 * gate.
 */
export function sendRefusal(
  res: ServerResponse,
  refusal: Refusal,
  methods: { writeHead: Send; end: Send },
): void {
  prepareRefusal(res, refusal)
  const { status, body } = refusal
  res.setHeader('content-length', Buffer.byteLength(body))
  // Called explicitly: an implicit head would call a `writeHead` that was wrapped after the gate.
  methods.writeHead.call(res, status)
  methods.end.call(res, body)
}

/** Sets the status and headers of an error response, in place of those about the app's body. */
export function prepareRefusal(res: ServerResponse, { status, headers, setCookie }: Refusal): void {
  forgetBody(res)
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  addHeaders(res, { vary: true, setCookie })
  // Also set here, because a stand-in may ignore `writeHead`.
  res.statusCode = status
}

/** Removes the app's headers about its body, which is not sent, and its targeted cache controls. */
function forgetBody(res: ServerResponse): void {
  for (const name of headersOfBody(res.getHeaderNames())) res.removeHeader(name)
  if (!isHttp2(res)) res.statusMessage = ''
}

/** The names of headers that describe the app's body or its caching. */
export function headersOfBody(names: readonly string[]): string[] {
  return names.filter((name) => DESCRIBES_BODY.test(name) || isTargetedControl(name))
}

/** The headers of an error for the app's own error page: Cache-Control, Retry-After. */
export function headersForErrorPage(error: unknown): [name: string, value: string][] {
  const { headers } = refusalOf(error)
  return Object.entries(headers).filter(([name]) => name !== 'content-type' && name !== 'vary')
}

/** Headers that describe a body or its caching. */
const DESCRIBES_BODY =
  /^(content-(?!security-policy)|(etag|last-modified|expires|accept-ranges|location|refresh|trailer|transfer-encoding)$)/
