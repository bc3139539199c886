/** The sessions of the app. */

import { createSessions } from 'sojourn'

type Data = { visits: number; cart: string[] }

export const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })
