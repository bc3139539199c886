/** Merges Vary, Cache-Control and Set-Cookie into the headers of an app's response. */

/**
 * Returns a `Vary` value that lists `Cookie` once, in any case (RFC 9110 section 12.5.5).
 *
 * As Flask: `*` becomes `*, Cookie`; an existing `cookie` is unchanged.
 */
export function varyWithCookie(existing: string | null | undefined): string {
  if (!existing?.trim()) return 'Cookie'
  const fields = existing.split(',').map((field) => field.trim().toLowerCase())
  return fields.includes('cookie') ? existing : `${existing}, Cookie`
}

/**
 * Returns a `Cache-Control` value that keeps a response with Set-Cookie out of shared caches.
 *
 * Adds `private` unless `no-store` or `private` is present. Removes `public` and `s-maxage`, which
 * let a shared cache send one visitor's cookie to another (RFC 9111 section 5.2.2).
 */
export function privateCacheControl(existing: string | null | undefined): string {
  if (!existing) return 'private'
  const directives = directivesOf(existing).filter((directive) => !SHARES.test(directive))
  const strict = directives.some((directive) => STRICT.test(directive))
  return (strict ? directives : ['private', ...directives]).join(', ')
}

/** Directives that let a shared cache store a response. */
const SHARES = /^(public|s-maxage)\s*(=|$)/i

/** Directives that forbid it. */
const STRICT = /^(no-store|private)$/i

function directivesOf(control: string): string[] {
  const directives = control.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)
  return directives.map((directive) => directive.trim()).filter((directive) => directive !== '')
}

/**
 * The Cache-Control of a response without Set-Cookie to a signed-in visitor: `private` is added as
 * above, unless the app lets shared caches store the response, with `public` or `s-maxage`.
 */
export function personalCacheControl(
  existing: string | null | undefined,
  onShared?: (control: string) => void,
): string {
  const directives = directivesOf(existing ?? '')
  const isStrict = directives.some((directive) => STRICT.test(directive))
  if (isStrict || !directives.some((directive) => SHARES.test(directive)))
    return privateCacheControl(existing)
  onShared?.(existing!)
  return existing!
}

/**
 * Whether a header is a targeted cache control such as `CDN-Cache-Control` (RFC 9213 section 2), or
 * its predecessor `Surrogate-Control`.
 *
 * It is removed beside a Set-Cookie: the cache it targets ignores `Cache-Control: private`.
 */
export function isTargetedControl(name: string): boolean {
  return /^(?:(?:[\w-]+-)?cdn-cache-control|surrogate-control)$/i.test(name)
}

/** The cookie name in a Set-Cookie line. */
export function setCookieName(line: string): string {
  return line.slice(0, Math.max(line.indexOf('='), 0)).trim()
}

/** What a session adds to a response. */
export interface Outgoing {
  /** Whether the response depends on the cookie. */
  vary: boolean
  /** The Set-Cookie line, if the cookie is set or cleared. */
  setCookie: string | undefined
  /** Lines of further cookies that belong to the session. Sent even without a `setCookie`. */
  also?: readonly string[] | undefined
  /** Lines of former sessions (option `formerly`). Sent even if `setCookie` is not. */
  former?: readonly string[] | undefined
  /** Whether the line only renews the cookie: the app's own line of that name is sent instead. */
  isRenewal?: boolean
  /** The session's lines from earlier commits of this request, which are not sent any more. */
  withdrawn?: readonly string[] | undefined
  /** Called if a line of the app, of the same name, is replaced. */
  onReplaced?: () => void
  /** Whether a user is signed in: then the response is `private`, unless the app shares it. */
  isPersonal?: boolean
  /** Called if the app shares the response of a signed-in user with caches. */
  onShared?: ((control: string) => void) | undefined
}

/**
 * Adds our Set-Cookie line, so that one line of its name is left (RFC 6265 section 4.1.1): ours, or
 * the app's own if ours only renews the cookie.
 */
export function withSetCookie(
  lines: readonly string[],
  ours: string | undefined,
  { isRenewal, withdrawn = [], onReplaced, also = [], former = [] }: Partial<Outgoing> = {},
): string[] {
  const known = [...withdrawn, ...also, ...former]
  const apps = lines.filter((line) => line !== ours && !known.includes(line))
  if (ours === undefined) return [...apps, ...former, ...also]
  const name = setCookieName(ours)
  const others = apps.filter((line) => setCookieName(line) !== name)
  if (others.length < apps.length) {
    if (isRenewal) return [...apps, ...former]
    onReplaced?.()
  }
  return [...others, ...former, ...also, ours]
}

/** Whether a session changes the Set-Cookie lines of a response. */
export function changesCookies(outgoing: Outgoing): boolean {
  return setsCookie(outgoing) || outgoing.withdrawn !== undefined
}

/** Whether a session sets a cookie, which no shared cache may store. */
export function setsCookie({ setCookie, also, former }: Outgoing): boolean {
  return setCookie !== undefined || also !== undefined || former !== undefined
}

/** Merges what a session adds into `Headers`, and returns them. */
export function mergeInto(headers: Headers, outgoing: Outgoing): Headers {
  const { vary, setCookie, isPersonal, onShared } = outgoing
  if (vary) headers.set('vary', varyWithCookie(headers.get('vary')))
  if (changesCookies(outgoing)) {
    const lines = withSetCookie(headers.getSetCookie(), setCookie, outgoing)
    headers.delete('set-cookie')
    for (const line of lines) headers.append('set-cookie', line)
  }
  if (setsCookie(outgoing)) {
    headers.set('cache-control', privateCacheControl(headers.get('cache-control')))
    const targeted = [...headers.keys()].filter(isTargetedControl)
    for (const name of targeted) headers.delete(name)
  } else if (isPersonal) {
    const control = personalCacheControl(headers.get('cache-control'), onShared)
    headers.set('cache-control', control)
  }
  return headers
}
