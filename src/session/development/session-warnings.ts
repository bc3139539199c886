/** Warns of mistakes in a request: refusals nobody handles, changes that are lost, CSRF checks that fail. */

import { printableShort } from '../../base/printable.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import type { CsrfRefusal, LossCause } from '../explain/events.ts'
import { isReversedFlash } from '../explain/misuse.ts'
import type { Warn } from './warn.ts'

/** How many characters of a key are shown. */
const LONGEST_NAME = 60

/** The end of warnings about a Secure cookie. */
export const ON_YOUR_MACHINE = 'On your own machine set NODE_ENV=development'

/** Makes the warnings of what happens to a session in a request. */
export function sessionWarnings(warn: Warn) {
  return {
    /** Warns that `Vary: Cookie` can no longer be sent: a cache may give the page to other visitors. */
    openedLate(): void {
      warn(
        'opened-late',
        'sessions.get() was first called after the response headers were sent, so no Vary: Cookie tells caches that the page depends on the visitor. Call it before you send the response. A socket has no page to cache: ignore this line there.',
      )
    },
    /** Warns that the app shares a page of a signed-in visitor with caches. `control`: its Cache-Control. */
    sharedPage(control: string): void {
      // express.static sends this value, with which a cache has to revalidate each time.
      if (/\bmax-age="?0\b/i.test(control) && !/\bs-maxage\b/i.test(control)) return
      warn(
        'shared-page',
        `A response to a signed-in visitor lets shared caches store it (Cache-Control: ${control.slice(0, 100)}). They serve it to whoever sends the same cookie, after a logout too. Leave public and s-maxage out of pages that depend on who is signed in; for a page that does not, do not call sessions.get().`,
      )
    },
    /** Warns of listeners that are never stopped. */
    manyListeners(many: number): void {
      warn(
        'many-listeners',
        `sessions.onEnded() has over ${many} listeners for one session. Call the function that it returns when the socket closes.`,
      )
    },
    /** Warns that a guard refused a request and that nothing handled the refusal. */
    unheeded(guard: string, status: number, wasAwaited: boolean): void {
      const remedy = wasAwaited
        ? 'An await is missing where the function that asked is called; or the framework does not handle errors of async handlers, as Express 4: use loginRequired() there, or pass them on with .catch(next).'
        : `An await is missing: write \`await sessions.${guard}(req)\`.`
      warn(
        `guard-${guard}-${wasAwaited ? 'unhandled' : 'unheeded'}`,
        `sessions.${guard}() refused a request and nothing handled it: the visitor was sent status ${status} instead of the page. ${remedy}`,
      )
    },
    /** Warns that the app's own Set-Cookie of our name was replaced by the session's. */
    replaced(cookieName: string): void {
      warn(
        'replaced',
        `The response had a Set-Cookie for "${cookieName}" of its own, and the session changed in the same request: the session's Set-Cookie was sent instead. To sign out call session.logout(); for a cookie of your own use another name.`,
      )
    },
    /** Warns that a Secure cookie is sent over plain HTTP, where browsers may drop it. */
    insecure(facts: RequestFacts): void {
      const host = (facts.header('host') ?? '').replace(/:\d+$/, '')
      const local = host === 'localhost' || host === '127.0.0.1' || host === '[::1]'
      warn(
        'secure',
        `A Secure cookie is sent over plain HTTP${local ? ': on localhost not every browser accepts it' : ', where browsers drop it'}. ${ON_YOUR_MACHINE}; elsewhere serve HTTPS.`,
      )
    },
    /** Warns that the schema refuses a stored value. `why`: where, and which rule. */
    invalidData(key: string, why: string): void {
      const name = printableShort(key, LONGEST_NAME)
      warn(
        `invalid-data-${name}`,
        `The schema refuses the stored value of "${name}": ${printableShort(why, 200)}. It was written by another version of the app. The option migrate can convert it; onInvalid decides what happens to it.`,
      )
    },
    /** Warns that changes are lost. `keys`: what was changed. */
    lost(why: LossCause, keys: readonly string[]): void {
      const list = keys.map((key) => `"${printableShort(key, LONGEST_NAME)}"`).join(', ')
      warn(
        `lost-${why}-${list.slice(0, 100)}`,
        LOST[why].replace('%', () => list),
      )
    },
    /** Warns of `session.lifetime` that is longer than the options allow. In seconds. */
    lifetimeSet(
      own: { idle?: number | undefined; absolute?: number | undefined } | undefined,
      { permanent, absolute }: { permanent: number; absolute: number | null },
    ): void {
      const isLonger =
        (own?.idle ?? 0) > permanent ||
        (own?.absolute ?? 0) > (absolute ?? Number.POSITIVE_INFINITY)
      if (!isLonger) return
      warn(
        'lifetime-longer',
        'session.lifetime was set to longer timeouts than those of the option lifetime, which count. It only shortens: set the option to the longest, and session.lifetime in the other sessions.',
      )
    },
    flashesDropped(count: number): void {
      warn(
        'flashes-dropped',
        `${count === 1 ? 'A flash message was' : `${count} flash messages were`} dropped, the oldest first: more were waiting than fit into the session. Show them with session.flashes() on the page that the visitor sees next.`,
      )
    },
    /** Warns of a message and a category that may be in connect-flash's order. */
    flashed(message: unknown, category: string): void {
      if (!isReversedFlash(message, category)) return
      warn(
        'flash-order',
        `In session.flash() the message comes first: flash(text, '${String(message)}').`,
      )
    },
    /** Warns that a session in a cookie ends in this browser only. */
    endedHere(verb: string): void {
      warn(
        'logout',
        `${verb} clears the cookie in this browser. A copy of it made earlier stays valid until it expires: only sessions in a store can be ended everywhere.`,
      )
    },
    csrfRefused(why: CsrfRefusal): void {
      warn(`csrf-${why}`, REFUSED[why])
    },
    /** Warns that a request from another origin came without cookies. */
    crossOrigin(facts: RequestFacts, { sameSite }: { sameSite: string | null }): void {
      const origin = facts.header('origin')
      if (facts.cookie || !origin || origin === 'null') return
      const site = facts.header('sec-fetch-site')
      const crosses = site
        ? site === 'cross-site' || site === 'same-site'
        : hostOf(origin) !== facts.header('host')
      if (!crosses) return
      if (facts.method === 'POST' && facts.header('sec-fetch-mode') === 'navigate') {
        // Otherwise SameSite does not keep the cookie out: the visitor has none.
        if (site === 'cross-site' && sameSite !== 'None') {
          warn('cross-site-form', crossSiteForm(sameSite === 'Strict'))
        }
        return
      }
      warn(
        'cross-origin',
        `A request from ${ORIGIN.test(origin) ? origin : 'another origin'} came without cookies. Call fetch(url, { credentials: 'include' }), respond with Access-Control-Allow-Credentials: true and that exact origin, and from another site set sameSite: 'None'.`,
      )
    },
  }
}

function crossSiteForm(isStrict: boolean): string {
  // With Strict the cookie is not sent after a redirect from another site either.
  const remedy = isStrict ? "Set sameSite: 'Lax' and respond" : 'Respond'
  return `A form on another site sent a POST without the session cookie: SameSite=${isStrict ? 'Strict' : 'Lax'} keeps the cookie out of it, against CSRF. ${remedy} with a redirect (303) to a page of yours: that request has the cookie. Or set sameSite: 'None'.`
}

// origin = scheme "://" host [":" port]
const ORIGIN = /^[a-z][a-z0-9+.-]{0,30}:\/\/[\w.:[\]-]{1,260}$/i

function hostOf(origin: string): string {
  return origin.slice(origin.indexOf('://') + 3)
}

const LOST: Readonly<Record<LossCause, string>> = {
  'after-response':
    'A session value was changed after the response was sent, and the change is lost: %. Change it before you send the response.',
  'no-set-cookie':
    'A session was changed in a response that cannot set a cookie (status 101), and the changes are lost: %. Change it in the request before, such as that of the page, or use a store.',
  'not-committed':
    'A session from sessions.open() was changed three seconds ago and is not saved: %. Call await session.commit(headers), and send these headers.',
}

const REFUSED: Readonly<Record<CsrfRefusal, string>> = {
  'cross-site':
    'A request was refused: another site sent it (Sec-Fetch-Site: cross-site). If that site is yours, add its origin to trustedOrigins.',
  origin:
    'A request was refused: its Origin differs from its Host. If that origin is yours, or a reverse proxy changes the Host header, add its origin to trustedOrigins.',
  token:
    'A request was refused: its headers do not show where it comes from, and it has no CSRF token of this session. Send session.csrfToken() as the form field _csrf or the header x-csrf-token. A visitor without a session has no token: add its origin to trustedOrigins, or set a value first. A test can send "sec-fetch-site: same-origin", as browsers do.',
}
