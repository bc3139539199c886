/** express-session 1.19.0 and the drop-in: every behaviour is shown on both. */

import expressSession from 'express-session'
import dropIn from '../../src/adapters/express-session/express-session.ts'
import type { Library } from './site.ts'

export const LIBRARIES: readonly (readonly [name: string, library: Library])[] = [
  ['express-session', expressSession],
  ['the drop-in', dropIn as unknown as Library],
]
