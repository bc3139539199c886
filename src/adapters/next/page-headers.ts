/** The request headers that a response of the proxy gives to the page, in the format of `NextResponse`. */

import { PASSED } from './passed-flashes.ts'

const NAMES = 'x-middleware-override-headers'
const VALUE = 'x-middleware-request-'

/** Whether Next renders a page for this response: `NextResponse.next()` or `NextResponse.rewrite()`. */
export function leadsToPage({ headers }: Response): boolean {
  return headers.has('x-middleware-next') || headers.has('x-middleware-rewrite')
}

/** The request headers for the page: those the browser sent, or those the app's response sets. */
export function pageHeaders(sent: Headers, page?: Response): Headers {
  const names = page?.headers.get(NAMES)
  const headers = new Headers(names ? undefined : sent)
  for (const name of names?.split(',') ?? []) {
    const value = page!.headers.get(VALUE + name.trim())
    if (value !== null) headers.set(name, value)
  }
  headers.delete(PASSED)
  return headers
}

/** A copy of the app's response with the request headers for the page that `other` has. */
export function withPageHeaders(page: Response, other: Response): Response {
  const headers = new Headers(page.headers)
  for (const name of page.headers.keys()) if (isForPage(name)) headers.delete(name)
  for (const [name, value] of other.headers) if (isForPage(name)) headers.set(name, value)
  const { status, statusText } = page
  return new Response(page.body, { status, statusText, headers })
}

function isForPage(name: string): boolean {
  return name === NAMES || name.startsWith(VALUE)
}
