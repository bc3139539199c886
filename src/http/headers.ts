/** Merges Vary, Cache-Control and Set-Cookie into headers somebody else has written. */

/**
 * `Vary` with `Cookie` in it, once, whatever its case (RFC 9110 section 12.5.5).
 *
 * Flask's rule: `*` becomes `*, Cookie`; an existing `cookie` keeps its spelling.
 */
export function varyWithCookie(existing: string | null | undefined): string {
  if (!existing?.trim()) return 'Cookie'
  const fields = existing.split(',').map((field) => field.trim().toLowerCase())
  return fields.includes('cookie') ? existing : `${existing}, Cookie`
}

/**
 * `Cache-Control` that keeps a response with a Set-Cookie out of shared caches.
 *
 * Never loosens: `no-store` and `private` stay as they are. `public` and `s-maxage` go, since they
 * invite a shared cache to hand one visitor's cookie to the next (RFC 9111 section 5.2.2).
 */
export function privateCacheControl(existing: string | null | undefined): string {
  if (!existing) return 'private'
  const directives = existing
    .split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !/^(public|s-maxage)\b/i.test(directive))
  const strict = directives.some((directive) => /^(no-store|private)$/i.test(directive))
  return (strict ? directives : ['private', ...directives]).join(', ')
}

/**
 * Whether a field is one that the caches it names obey instead of `Cache-Control`: RFC 9213 section 2,
 * and `Surrogate-Control` before it.
 *
 * Beside a Set-Cookie none of them may stand: its cache would not even look at `private`.
 */
export function isTargetedControl(name: string): boolean {
  return /^(?:(?:[\w-]+-)?cdn-cache-control|surrogate-control)$/i.test(name)
}

/** The name a Set-Cookie line sets. */
export function setCookieName(line: string): string {
  return line.slice(0, Math.max(line.indexOf('='), 0)).trim()
}

/** Set-Cookie lines with ours last, and no other of its name (RFC 6265 section 4.1.1). */
export function withSetCookie(lines: readonly string[], ours: string): string[] {
  if (lines.length === 0) return [ours]
  const name = setCookieName(ours)
  return [...lines.filter((line) => setCookieName(line) !== name), ours]
}

/** What a session adds to a response. */
export interface Outgoing {
  /** Whether the response depends on the cookie. */
  vary: boolean
  /** The Set-Cookie line, if the cookie is set or cleared. */
  setCookie: string | undefined
}

/** Merges what a session adds into `Headers`, and returns them. */
export function mergeInto(headers: Headers, { vary, setCookie }: Outgoing): Headers {
  if (vary) headers.set('vary', varyWithCookie(headers.get('vary')))
  if (setCookie !== undefined) {
    const lines = withSetCookie(headers.getSetCookie(), setCookie)
    headers.delete('set-cookie')
    for (const line of lines) headers.append('set-cookie', line)
    headers.set('cache-control', privateCacheControl(headers.get('cache-control')))
    const targeted = [...headers.keys()].filter(isTargetedControl)
    for (const name of targeted) headers.delete(name)
  }
  return headers
}
