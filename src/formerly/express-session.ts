/** `expressSession()`: options for `createSessions` from those of express-session. */

import { expressStore, type LegacyStore, type RowCookie } from './express-store.ts'
import { expressLayout } from './express-layout.ts'
import { signedIds } from './signed-id.ts'
