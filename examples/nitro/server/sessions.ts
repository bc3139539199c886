/** The sessions of the app. */

import { createSessions, type Session } from 'sojourn'

type Data = { visits: number; cart: string[] }

export type ShopSession = Session<Data>

export const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })
