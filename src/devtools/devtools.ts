/** `sojourn/devtools`: the inspector, a page in development that shows what sessions do and why. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { invalid, refuseUnknown, requireObject } from '../base/options.ts'
import { requireSessions } from '../session/require-sessions.ts'
import type { Sessions } from '../session/sessions.ts'
import { isForwarded, isLoopback, isLoopbackHost } from './loopback.ts'
import { requestOf, send, urlFor } from './node-request.ts'
import { inspectorSite } from './site.ts'

/** Options of `inspector`. */
export interface InspectorOptions {
  /** The path of the page. @default '/__sessions' */
  path?: string
  /**
   * The secret of `createSessions`, or the list: the inspector then also says whether a cookie that
   * is pasted into it verifies. It is never shown. @default none
   */
  secret?: string | readonly (string | undefined)[] | undefined
  /**
   * Whether other machines may open the page, as in a container. It shows sessions and can end them,
   * so only where nobody else reaches the port. @default false: only this machine (loopback)
   */
  remote?: boolean
}

/** The inspector: middleware of Express, Connect and `node:http`, and a Fetch handler. */
export interface Inspector {
  /** Responds to requests for its path, and calls `next` for any other. */
  (req: IncomingMessage, res: ServerResponse, next?: (error?: any) => void): void
  /**
   * The same for a Fetch handler: `undefined` if the request is for another path.
   *
   * @param address the address of the client, which a `Request` does not have. Without it the page is
   * only served with `remote: true`.
   */
  fetch(request: Request, address?: string): Promise<Response | undefined>
}

/**
 * Makes the inspector: a page with the current session, its cookie and a live timeline of what
 * sessions do. Mount it once, before the routes.
 *
 * Only while NODE_ENV is `development` or `test`, and only for this machine unless `remote` is set.
 *
 * @throws ERR_OPTION_INVALID, in production too
 *
 * @example
 * import { inspector } from 'sojourn/devtools'
 * if (process.env.NODE_ENV === 'development') app.use(inspector(sessions))
 */
export function inspector(sessions: Sessions<any>, options: InspectorOptions = {}): Inspector {
  requireSessions(sessions, 'inspector', 'app.use(inspector(sessions))')
  requireObject(options, 'options')
  refuseUnknown(options, ['path', 'secret', 'remote'], '')
  const { path = '/__sessions', secret, remote = false } = options
  if (process.env.NODE_ENV !== 'development' && process.env.NODE_ENV !== 'test') {
    throw invalid('inspector', ONLY_IN_DEVELOPMENT)
  }
  if (typeof path !== 'string' || !/^\/[\w./-]*[\w-]$/.test(path)) {
    throw invalid('path', "has to be a path such as '/__sessions'")
  }
  if (typeof remote !== 'boolean') throw invalid('remote', 'has to be true or false')
  const texts = (Array.isArray(secret) ? secret : [secret]) as readonly (string | undefined)[]
  const secrets = texts.flatMap((text, at) =>
    text ? [{ text, from: at === 0 ? 'createSessions' : `createSessions, previous ${at}` }] : [],
  )
  const respond = inspectorSite(sessions, { path, secrets })

  const isOurs = (pathname: string) => pathname === path || pathname.startsWith(`${path}/`)

  async function answer(request: Request, address: string | undefined) {
    const { pathname, hostname } = new URL(request.url)
    if (!isOurs(pathname)) return undefined
    if (!remote && !isLoopback(address)) return refusal(NOT_HERE)
    // A tunnel that runs here connects from here, and may send any Host.
    if (!remote && isForwarded(request.headers)) return refusal(FORWARDED)
    // Another site that has its name resolved to this machine (DNS rebinding) would read the page.
    if (!remote && !isLoopbackHost(hostname)) return refusal(OTHER_NAME)
    if (isOfOtherSite(request.headers, pathname === path)) return refusal(OTHER_SITE)
    return respond(request)
  }

  function handle(req: IncomingMessage, res: ServerResponse, next?: (error?: any) => void): void {
    // Not in a promise: what the app throws in `next` is the server's, as without the inspector.
    const url = urlFor(req, isOurs)
    if (url === undefined) {
      if (next) next()
      else res.writeHead(404).end()
      return
    }
    serve(req, res, url).catch((error: unknown) => (next ? next(error) : res.destroy()))
  }

  async function serve(req: IncomingMessage, res: ServerResponse, url: string): Promise<void> {
    const response = await answer(await requestOf(req, url), req.socket?.remoteAddress)
    // Only a Host that is none makes it another path.
    await send(res, response ?? refusal(OTHER_NAME))
  }

  return Object.assign(handle, { fetch: answer })
}

const ONLY_IN_DEVELOPMENT =
  'shows sessions and ends them, so it runs only while NODE_ENV is development or test. Mount it inside if (process.env.NODE_ENV === "development")'

const NOT_HERE =
  'The inspector is only for the machine that the server runs on. In a container, pass { remote: true }.\n'
const OTHER_NAME =
  'The inspector is only served under localhost, 127.0.0.1 or [::1]. Otherwise pass { remote: true }.\n'
const FORWARDED =
  'The inspector is not served through a proxy or a tunnel. Otherwise pass { remote: true }.\n'
const OTHER_SITE = 'Another site has asked for this. Open the page of the inspector itself.\n'

/**
 * Whether a page of another site asks: an app that allows other origins (CORS) would let it read the
 * token. A link to the page is no such request; browsers send no Origin with it.
 */
function isOfOtherSite(headers: Headers, isPage: boolean): boolean {
  const site = headers.get('sec-fetch-site')
  return (site === 'cross-site' || site === 'same-site') && (!isPage || headers.has('origin'))
}

function refusal(text: string): Response {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(text, { status: 403, headers })
}
