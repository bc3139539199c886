/** The behaviours that every runtime has to show, by suite: one list for all launchers. */

import { cookies } from './cookies.mjs'
import { diagnostics } from './diagnostics.mjs'
import { fetches } from './fetch.mjs'
import { expresses, nodeHttp } from './node-http.mjs'
import { session } from './session.mjs'
import { stored } from './stored.mjs'

/** Each scenario is a sentence and a function of the host, which throws if it does not hold. */
export const SUITES = {
  session,
  cookies,
  store: stored,
  diagnostics,
  fetch: fetches,
  'node:http': nodeHttp,
  Express: expresses,
}
