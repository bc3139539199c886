/** The library, as this demo sees it: the one place that knows where it comes from. */

// From the source, so that the demo runs straight after a clone, before anything is built. In an app
// of your own these lines read `from 'sojourn'` and `from 'sojourn/express'`.
export { createSessions, SessionError, type Session, type Sessions } from '../src/index.ts'
export { sessionMiddleware } from '../src/adapters/express.ts'
