/** The sessions of app.py, with its settings: in Flask's cookie, or with Flask-Session in Redis. */

import { Redis } from 'ioredis'
import { createSessions } from 'sojourn'
import { flask, rememberToken } from 'sojourn/flask'
import { flaskSession } from 'sojourn/flask-session'

/** What both apps keep in the session. */
export interface Data {
  cart: Record<string, number>
  /** Of Flask-Login: whether the login is fresh. */
  _fresh: boolean
}

const { SECRET_KEY, REDIS_URL } = process.env
const settings = {
  SECRET_KEY,
  SESSION_COOKIE_SAMESITE: 'Lax',
  SESSION_PROTECTION: 'basic',
} as const

const redis = REDIS_URL ? new Redis(REDIS_URL) : undefined
redis?.on('error', console.error)

export const sessions = createSessions<Data>(
  redis ? flaskSession({ ...settings, SESSION_REDIS: redis }) : flask(settings),
)

export const remember = rememberToken({ SECRET_KEY })
