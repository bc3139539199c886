/** The accounts, which stay with better-auth: users, passwords, providers, its own pages. */

import { DatabaseSync } from 'node:sqlite'
import type { BetterAuthOptions } from 'better-auth'

export const accounts = {
  baseURL: process.env.BETTER_AUTH_URL ?? 'http://localhost:3000',
  secret: process.env.BETTER_AUTH_SECRET,
  database: new DatabaseSync(process.env.AUTH_DB ?? 'auth.sqlite'),
  emailAndPassword: { enabled: true },
  session: { additionalFields: { cart: { type: 'string[]', required: false } } },
} satisfies BetterAuthOptions
