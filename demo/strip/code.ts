/** Which lines of the demo are behind what a request did. */

import { type Quote, quote } from './quote.ts'

const MEMBERS = quote('demo/site.ts', 'const { userId } = await site.sessions.signedIn', 1)
const STORED = quote('demo/kinds.ts', 'const inStore =', 6)
const RACE = quote('demo/races/contenders/sojourn.ts', "session.update('count'", 1)

/** By method and path; `:id` stands for a number. Read at the start, so that a wrong quote is seen then. */
const BEHIND: ReadonlyMap<string, Quote> = new Map([
  ['GET /', quote('demo/pages/home.ts', "session.update('views'", 1)],
  ['GET /shop', quote('demo/page.ts', 'const count = countOf(session.get(', 2)],
  ['GET /cart', quote('demo/pages/shop.ts', "linesOf(session.get('cart'", 1)],
  ['GET /todo', MEMBERS],
  ['GET /todo/:id', MEMBERS],
  ['GET /profile', MEMBERS],
  ['GET /thief', STORED],
  ['GET /races', RACE],
  ['POST /races', RACE],
  ['POST /language', quote('demo/pages/language.ts', "session.set('language'", 2)],
  ['POST /cart/add', quote('demo/pages/shop.ts', 'withOneMore(cart, product)', 2)],
  ['POST /cart/remove', quote('demo/pages/shop.ts', 'withOneLess(cart, product)', 2)],
  ['POST /cart/check-out', quote('demo/pages/shop.ts', "session.pop('cart'", 1)],
  ['POST /sign-in', quote('demo/pages/sign-in.ts', 'session.login(user.id)', 3)],
  ['POST /sign-out', quote('demo/pages/sign-in.ts', "session.logout({ keep: ['language'] })", 2)],
  ['POST /todo', MEMBERS],
  ['POST /devices/end', quote('demo/pages/devices.ts', 'await devices.revoke(', 1)],
  ['POST /devices/end-others', quote('demo/pages/devices.ts', 'await devices.revokeUser(', 1)],
  ['POST /kind', quote('demo/pages/kind.ts', 'const moved = await', 3)],
  ['POST /try/click', quote('demo/strip/tries.ts', "session.update('clicks'", 1)],
  ['POST /try/twice', quote('demo/strip/tries.ts', "session.update('clicks'", 1)],
  ['POST /try/steal', STORED],
  ['POST /try/thief', quote('demo/pages/thief.ts', 'kind.later.open(', 1)],
  ['POST /try/renew', quote('demo/pages/thief.ts', 'session.regenerate()', 1)],
])

/**
 * The lines behind a request. Those that every request needs where it has none of its own, as for a
 * changed cookie: an app writes nothing to reject one.
 */
export function codeBehind(method: string, path: string): Quote {
  return (
    BEHIND.get(`${method} ${path.replace(/\/\d+/, '/:id').replace(/^\/thief\/.*/, '/thief')}`) ??
    EACH_REQUEST
  )
}

const EACH_REQUEST = quote('demo/site.ts', 'const session = await sessions.get(req)', 2)
