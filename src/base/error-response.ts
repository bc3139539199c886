/** What a visitor is sent for an error: its status in words and a fixed text, without the message. */

/** What the response to an error is made of. */
interface Answerable {
  readonly code: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>> | undefined
}

/** By code. The message is for developers: it may quote the store, or a key of the session. */
const TEXTS: Readonly<Record<string, string>> = {
  ERR_NOT_SIGNED_IN: 'Please sign in first.\n',
  ERR_CSRF: 'This did not come from a page of this site. Please reload the page and try again.\n',
  ERR_SESSION_LIMIT: 'You are signed in too often. Please sign out somewhere else first.\n',
}

const TRY_AGAIN = 'Your session could not be saved. Please try again.\n'

/** The text that a visitor may read. */
export function visitorText(code: string | undefined): string {
  return (code === undefined ? undefined : TEXTS[code]) ?? TRY_AGAIN
}

// RFC 9110 section 15
const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  409: 'Conflict',
  503: 'Service Unavailable',
}

/**
 * Adds what frameworks look for in an error to respond to it themselves. An error with status 500
 * gets nothing of this: it is a mistake of the program, which a framework logs.
 *
 * `expose`: http-errors, Koa, NestJS. `statusText`, `data` and `internal`: React Router's
 * `isRouteErrorResponse`. `type` and `init`: what React Router's `data()` returns, which it turns into
 * a route error; it hides any other error from its error boundary in production. `getResponse`: Hono.
 * `toResponse`: Elysia.
 */
export function speakDialects(error: Answerable): void {
  if (error.status === 500) return
  const data = visitorText(error.code)
  // React Router copies own properties that are enumerable to the browser.
  Object.assign(error, { statusText: REASONS[error.status], data, internal: false })
  const respond = { value: () => responseTo(error) }
  Object.defineProperties(error, {
    getResponse: respond,
    toResponse: respond,
    type: { value: 'DataWithResponseInit' },
    init: { get: () => initOf(error) },
  })
}

function initOf({ status, headers = {} }: Answerable): ResponseInit {
  return { status, statusText: REASONS[status]!, headers }
}

function responseTo({ status, code, headers }: Answerable): Response {
  const plain = { 'content-type': 'text/plain; charset=utf-8' }
  return new Response(visitorText(code), { status, headers: { ...plain, ...headers } })
}
