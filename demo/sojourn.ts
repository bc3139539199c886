/** The library, as this demo sees it: the one place that knows where it comes from. */

// From the source, so that the demo runs straight after a clone, before anything is built. In an app
// of your own these lines read `from 'sojourn'`, `from 'sojourn/express'`, `from
// 'sojourn/stores/sqlite'` and so on.
export {
  type CommitMessage,
  createSessions,
  type EventMessage,
  type OpenMessage,
  type Rejection,
  REMOVE,
  safeNext,
  SessionError,
  type Session,
  type SessionEvent,
  type SessionOptions,
  type Sessions,
  type SessionStore,
  type StoredSessions,
} from '../src/index.ts'
export { csrfGuard, sessionMiddleware } from '../src/adapters/express.ts'
export { default as expressSession } from '../src/adapters/express-session/express-session.ts'
export { inspector } from '../src/devtools/devtools.ts'
export { memoryStore } from '../src/stores/memory/memory.ts'
export { postgresStore } from '../src/stores/postgres/postgres.ts'
export { redisStore } from '../src/stores/redis/redis.ts'
export { sqliteStore } from '../src/stores/sqlite/sqlite.ts'
