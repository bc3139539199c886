/** The check of `loginRequired`: redirects anonymous visitors to the sign-in page, or refuses with 401. */

import { SessionError } from '../base/errors.ts'
import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { safeNext } from '../http/safe-next.ts'
import type { Sessions } from './sessions.ts'
import { freshness, type SignedInOptions } from './signed-in.ts'

/** Options of `loginRequired`. */
export interface LoginRequiredOptions extends SignedInOptions {
  /**
   * The path of the sign-in page. Its query gets the requested page as `next`: read it with
   * `safeNext`. Requests for the sign-in page itself pass. If it differs from other pages only by
   * its query, as in `/?page=login`, they need that query.
   *
   * In Flask-Login `login_view`, which is the name of a view and not a path.
   *
   * @default none: the response is the error's, status 401
   */
  redirect?: string | undefined
}

/**
 * Returns `undefined` if the request may pass, or the path to redirect to. `url` is the path and
 * query that the visitor asked for.
 *
 * @throws ERR_NOT_SIGNED_IN and ERR_LOGIN_STALE without `redirect`; ERR_STORE_UNAVAILABLE,
 * ERR_SESSION_NOT_MOUNTED
 */
export type LoginCheck = (
  carrier: object,
  method: string | undefined,
  url: string,
) => Promise<string | undefined>

/** Makes the check. @throws ERR_OPTION_INVALID */
export function loginCheck(sessions: Sessions<any>, options: LoginRequiredOptions): LoginCheck {
  requireObject(options, 'options')
  refuseUnknown(options, ['redirect', 'within', 'fresh'], '')
  const { redirect, ...signedIn } = options
  freshness(signedIn)
  const page = redirect === undefined ? undefined : safeNext(redirect, '')
  if (page === '') throw invalid('redirect', "has to be a path of this site, such as '/login'")
  return async (carrier, method, url) => {
    if (page !== undefined && isSamePage(url, page)) return undefined
    try {
      await sessions.signedIn(carrier, signedIn)
      return undefined
    } catch (error) {
      const isAsked = error instanceof SessionError && error.status === 401
      if (page === undefined || !isAsked) throw error
      return withNext(page, method, url)
    }
  }
}

/** Adds the requested page as `next`. Not for a form: a redirect cannot send it again. */
function withNext(page: string, method: string | undefined, url: string): string {
  const next = method === 'GET' || method === 'HEAD' ? safeNext(url, '') : ''
  if (next === '') return page
  const [path = '', fragment] = page.split('#')
  const query = `${path.includes('?') ? '&' : '?'}next=${encodeURIComponent(next)}`
  return path + query + (fragment === undefined ? '' : `#${fragment}`)
}

/** Whether `url` is the sign-in page, and not another page of its path: `/?page=login`, `/?page=admin`. */
function isSamePage(url: string, page: string): boolean {
  const [path, asked] = partsOf(url)
  const [pagePath, named] = partsOf(page)
  if (path !== pagePath) return false
  const isNamed = [...named].every(([name, value]) => {
    const values = asked.getAll(name)
    return values.length === 1 && values[0] === value
  })
  // A form on `/login?lang=de` may be sent to `/login`. For "/" only the query identifies the page.
  return isNamed || (path !== '/' && [...asked.keys()].every((name) => name === 'next'))
}

function partsOf(url: string): [path: string, query: URLSearchParams] {
  const [path = '', ...query] = url.split('#', 1)[0]!.split('?')
  return [path, new URLSearchParams(query.join('?'))]
}
