/** Loaded before an app written for express-session: `require('express-session')` gives it the drop-in. */

import { registerHooks } from 'node:module'
import '../examples/from-source.ts'

const SOURCES: Readonly<Record<string, string>> = {
  'express-session': '../../src/adapters/express-session/express-session.ts',
  'sojourn/stores/redis': '../../src/stores/redis/redis.ts',
}

registerHooks({
  resolve(specifier, context, nextResolve) {
    const source = SOURCES[specifier]
    if (source === undefined) return nextResolve(specifier, context)
    // `require` gives `nextResolve` paths, and no URLs.
    const url = new URL(source, import.meta.url).href
    return { url, format: 'module-typescript', shortCircuit: true }
  },
})
