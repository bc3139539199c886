/** Replaces `sojourn` and `sojourn/next` in bundles for the Edge runtime, where they cannot run. */

import { invalid } from '../../base/options.ts'

/** @throws ERR_OPTION_INVALID */
function refuse(): never {
  throw invalid(
    'runtime',
    "of Next is 'edge' here, but Sojourn needs Node.js (node:crypto, node:zlib). Rename middleware.ts to proxy.ts and the function in it to proxy(): Next runs that on Node.js. In a page or a route handler, remove `export const runtime = 'edge'`",
  )
}

// All exports of both modules: a bundler would otherwise report a missing export instead.
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
