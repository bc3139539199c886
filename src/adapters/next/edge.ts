/** What bundlers take for `sojourn` and `sojourn/next` in the Edge runtime: why they cannot run there. */

import { invalid } from '../../base/options.ts'

/** @throws ERR_OPTION_INVALID */
function refuse(): never {
  throw invalid(
    'runtime',
    "of Next is 'edge' here, and Sojourn needs Node.js (node:crypto, node:zlib). Rename middleware.ts to proxy.ts and the function in it to proxy(): Next runs that on Node.js. In a page or a route handler, remove `export const runtime = 'edge'`",
  )
}

// The names of both modules: a bundler would complain about a missing one instead.
export const createSessions: never = refuse()
export const SessionError = undefined
export const REMOVE = undefined
export const UNREADABLE = undefined
export const aal1 = undefined
export const aal2 = undefined
export const aal3 = undefined
export const safeNext = undefined
export const nextSessions = undefined
export const sessionProxy = undefined
