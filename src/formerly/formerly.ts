/** `sojourn/formerly`: moves sessions from another cookie format, another store or another library. */

export { formerly } from '../session/formerly/sides.ts'
export type { FormerSessions } from '../session/formerly/options.ts'
export type { Formerly, FormerPolicy, FormerUse } from '../session/setup/former-sides.ts'
export { expressSession, type ExpressSessionOptions } from './express-session.ts'
export type { LegacyStore } from './express-store.ts'
export { cookieSession, type CookieSessionOptions } from './cookie-session.ts'
export { fastifySession, type FastifySessionOptions } from './fastify-session.ts'
export { ironSession, type IronSessionOptions } from './iron-session.ts'
export { reactRouterSession, type ReactRouterSessionOptions } from './react-router.ts'
export {
  secureSession,
  type SecureCookieOptions,
  type SecureSessionOptions,
  type Sodium,
} from './secure-session.ts'
export type { ForeignAttributes } from './cookie-attributes.ts'
