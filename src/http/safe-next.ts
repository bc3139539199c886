/** `safeNext`: a redirect target from a request, only if it is on this site (against open redirects). */

/** The longest path, in characters. */
const LONGEST = 500

/**
 * Returns the path, query and fragment to redirect to, or `fallback` if `value` is not a path of this
 * site. For the parameter `next` of a query or a form, which anybody can put into a link.
 *
 * Browsers read `//evil.example` and `/\evil.example` as another host, and remove tabs and line
 * breaks before they look for one. A path over 500 characters is refused, too.
 *
 * @example
 * import { safeNext } from 'sojourn'
 * res.redirect(303, safeNext(req.query['next'], '/account'))
 */
export function safeNext(value: unknown, fallback: string): string {
  if (typeof value !== 'string' || value.length > LONGEST) return fallback
  // path = "/" not followed by "/", without backslashes, spaces or control characters
  if (!/^\/(?!\/)[^\\\s\p{Cc}]*$/u.test(value)) return fallback
  if (!URL.canParse(value, HERE)) return fallback
  const url = new URL(value, HERE)
  // `/.//evil` is a path of this site, and becomes `//evil` when its dots are removed.
  if (url.origin !== HERE || url.pathname.startsWith('//')) return fallback
  return url.pathname + url.search + url.hash
}

const HERE = 'http://here.invalid'
