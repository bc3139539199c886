/** Where to go after signing in: a path of this site, whatever the address bar said. */

/**
 * The path if it leads nowhere but to this site, else the fallback.
 *
 * Browsers read `//evil` and `/\evil` as another host, and leave out tabs and line ends while they
 * look for one.
 */
export function samePlace(next: unknown, fallback: string): string {
  if (typeof next !== 'string' || next.length > 500) return fallback
  // path = "/" not followed by "/", without backslashes, spaces or control characters
  if (!/^\/(?!\/)[^\\\s\p{Cc}]*$/u.test(next)) return fallback
  if (!URL.canParse(next, HERE)) return fallback
  const url = new URL(next, HERE)
  // `/.//evil` is a path of this site, but becomes `//evil` for who tidies it up.
  if (url.origin !== HERE || url.pathname.startsWith('//')) return fallback
  return url.pathname + url.search + url.hash
}

const HERE = 'http://here.invalid'
