/** Makes better-auth's tables, once. */

import { getMigrations } from 'better-auth/db/migration'
import { accounts } from './auth.ts'

const { runMigrations } = await getMigrations(accounts)
await runMigrations()
