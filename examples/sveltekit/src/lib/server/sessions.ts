import { createSessions } from 'sojourn'

/** What the app stores in a session. */
interface Data {
  visits: number
  cart: string[]
}

export const sessions = createSessions<Data>({ secret: process.env.SESSION_SECRET })
