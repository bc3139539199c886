/** Every recorded cookie reads and writes as in Flask. */

import { describe, it } from 'vitest'
import { vectors } from './fixtures.ts'
import { checkVector } from './vectors.ts'

describe('a cookie of Flask reads and writes as in Flask', () => {
  for (const vector of vectors) it(vector.name, () => checkVector(vector))
})
