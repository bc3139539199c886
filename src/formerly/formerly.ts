/** `sojourn/formerly`: moving in from another format, store or library. */

export { formerly } from '../session/formerly/sides.ts'
export type { FormerSessions } from '../session/formerly/options.ts'
export type { Formerly, FormerPolicy, FormerUse } from '../session/setup/former-sides.ts'
