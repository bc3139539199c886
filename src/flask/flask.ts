/** `flask()`: options for `createSessions` from Flask's configuration, to share sessions with a Flask app. */

import { packDeflated } from '../crypto/payload.ts'
import { signingSealer } from '../crypto/sealer.ts'
import type { SessionOptions } from '../session/setup/options.ts'
import type { Preset } from '../session/setup/preset.ts'
import { invalid, refuseUnknown } from '../base/options.ts'
import { flaskSigner } from './flask-cookie.ts'
import { flaskCodec, flaskLayout } from './layout.ts'
import {
  checkTypes,
  FLASK_TYPES,
  type FlaskSettings,
  rulesOf,
  secretsOf,
  type Types,
} from './settings.ts'

export type { FlaskSettings } from './settings.ts'
export { type Tag, UNREADABLE } from '../record/text/tag.ts'
export {
  float,
  type Float,
  isFloat,
  isMarkup,
  isTuple,
  isUuid,
  type Markup,
  markup,
  type Tuple,
  tuple,
  type Uuid,
  uuid,
} from '../record/text/values.ts'
export {
  type Derivation,
  flaskCookie,
  type FlaskCookie,
  type FlaskCookieOptions,
  type OpenedFlaskCookie,
} from './flask-cookie.ts'
export type { FlaskLoginConfig } from './flask-login.ts'
export { type RememberConfig, rememberToken, type RememberToken } from './remember.ts'

/** The settings of Flask's session and of Flask-Login, with their names, defaults and units: seconds and bytes. */
export interface FlaskConfig extends FlaskSettings {
  /**
   * The most bytes of the whole Set-Cookie value; 0: no limit. A larger cookie throws; Flask only
   * warns. @default 4093
   */
  MAX_COOKIE_SIZE?: number
}

/**
 * Returns options for `createSessions` that read and write the session cookie of a Flask app.
 *
 * @throws ERR_OPTION_INVALID for an unknown setting, or a value of the wrong type
 *
 * @example
 * import { createSessions } from 'sojourn'
 * import { flask } from 'sojourn/flask'
 * const sessions = createSessions(flask({ SECRET_KEY: process.env.SECRET_KEY }))
 */
export function flask(config: FlaskConfig): SessionOptions {
  if (typeof config !== 'object' || config === null) throw invalid('config', 'has to be an object')
  refuseUnknown(config, ['SECRET_KEY', 'SECRET_KEY_FALLBACKS', ...Object.keys(TYPES)], '')
  return { secret: secretsOf(config), preset: presetOf(config) }
}

function presetOf(config: FlaskConfig): Preset {
  checkTypes(config, TYPES)
  const { MAX_COOKIE_SIZE: limit = 4093 } = config
  if (limit < 0) throw invalid('MAX_COOKIE_SIZE', 'is negative. Use 0 for no limit')
  return {
    ...rulesOf(config),
    name: 'flask',
    algorithms: { cookie: "HMAC-SHA-1 (Flask's)", keys: "HMAC-SHA-1 (Flask's)" },
    conflicts: CONFLICTS,
    format: ({ secrets, tags }) => ({
      layout: flaskLayout(flaskCodec(tags)),
      sealer: signingSealer(flaskSigner(secrets, {}), [packDeflated]),
      duplicates: 'first',
      clearsUnasked: true,
      resignsOldKeys: false,
      limit: { bytes: limit === 0 ? Number.POSITIVE_INFINITY : limit, of: 'line' },
    }),
  }
}

const CONFLICTS: NonNullable<Preset['conflicts']> = [
  ['store', 'cannot be combined with flask(): Flask reads only its own cookie'],
  ['encrypt', 'cannot be combined with flask(): Flask could not read the cookie'],
  ['audience', 'cannot be combined with flask(): Flask has no such setting'],
  ['lifetime', 'cannot be combined with flask(): pass PERMANENT_SESSION_LIFETIME to flask()'],
  ['maxBytes', 'cannot be combined with flask(): pass MAX_COOKIE_SIZE to flask()'],
  ['version', 'cannot be combined with flask(): its cookie has no place for a number. Use a key'],
  ['cookie', 'cannot be combined with flask(): pass SESSION_COOKIE_NAME and the like to flask()'],
]

const TYPES: Types = { ...FLASK_TYPES, MAX_COOKIE_SIZE: 'number' }
