/** The sessions, as Flask has them: the settings of app.py, under Flask's names. */

import { createSessions } from 'sojourn'
import { flask, rememberToken } from 'sojourn/flask'

/** What both apps keep in the session. */
export interface Data {
  cart: Record<string, number>
  /** Of Flask-Login: whether the login is fresh. */
  _fresh: boolean
}

const { SECRET_KEY } = process.env

export const sessions = createSessions<Data>(
  flask({ SECRET_KEY, SESSION_COOKIE_SAMESITE: 'Lax', SESSION_PROTECTION: 'basic' }),
)

export const remember = rememberToken({ SECRET_KEY })
