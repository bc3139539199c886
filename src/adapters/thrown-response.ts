/** Turns what a framework's `redirect()` or `notFound()` throws into a response. */

import { isForm } from './csrf-field.ts'

/**
 * Returns the response that a thrown value means for this request; `undefined` for an error.
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
  // Stricter than `isResponse`: errors of HTTP clients have a status and headers as well.
  if (isResponse(thrown) && typeof thrown.arrayBuffer === 'function') return thrown
  return typeof location === 'string' ? redirection(Number(status), location) : undefined
}

/** The beginning of the digest in errors of Next's `notFound()`, `unauthorized()` and `forbidden()`. */
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
  // 303 as in Next, although the digest says 307: with 307 the browser would send the form again.
  const code = isForm(request) ? 303 : Number(digest.at(-2))
  return redirection(code, digest.slice(2, -2).join(';'))
}

function redirection(status: number, location: string): Response | undefined {
  const isRedirect = status >= 300 && status <= 399
  return isRedirect ? new Response(null, { status, headers: { location } }) : undefined
}

/** Checks properties and not the class, because libraries have `Response` classes of their own. */
export function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'headers' in value && 'status' in value
}
