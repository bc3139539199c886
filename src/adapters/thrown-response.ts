/** What a framework's `redirect()` or `notFound()` throws, as a response. */

import { isForm } from './csrf-field.ts'

/**
 * Returns the response that a thrown value stands for, given the request; `undefined` for an error.
 *
 * React Router, Remix and TanStack Start throw a `Response`. Next throws an error with a digest,
 * SvelteKit an object with `status` and `location`.
 */
export function thrownResponse(thrown: unknown, request: Request): Response | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const { digest, status, location } = thrown as Record<string, unknown>
  if (thrown instanceof Error) {
    return typeof digest === 'string' ? nextResponse(digest.split(';'), request) : undefined
  }
  // Stricter than for what is returned: a thrown object of an HTTP client has a status and headers, too.
  if (isResponse(thrown) && typeof thrown.arrayBuffer === 'function') return thrown
  return typeof location === 'string' ? redirection(Number(status), location) : undefined
}

/** Begins the digest of what `notFound()`, `unauthorized()` and `forbidden()` of Next throw. */
export const NEXT_ERROR_STATUS = 'NEXT_HTTP_ERROR_FALLBACK'

// digest = "NEXT_REDIRECT;" ( "push" / "replace" ) ";" location ";" status ";"
//        / "NEXT_HTTP_ERROR_FALLBACK;" status
// The location may contain semicolons.
function nextResponse(digest: readonly string[], request: Request): Response | undefined {
  const status = Number(digest[1])
  if (digest[0] === NEXT_ERROR_STATUS && status >= 400 && status <= 599) {
    return new Response(null, { status })
  }
  if (digest[0] !== 'NEXT_REDIRECT') return undefined
  // As in Next, although the digest says 307: with that the browser would send the form once more.
  const code = isForm(request) ? 303 : Number(digest.at(-2))
  return redirection(code, digest.slice(2, -2).join(';'))
}

function redirection(status: number, location: string): Response | undefined {
  const isRedirect = status >= 300 && status <= 399
  return isRedirect ? new Response(null, { status, headers: { location } }) : undefined
}

/** Checks for properties, not for the class: a library may have a `Response` of its own. */
export function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'headers' in value && 'status' in value
}
