/** The versions of Express that the adapter is tested on. */

import express from 'express'
// @ts-expect-error: the package has no types of its own; what the tests use is as in Express 5.
import express4 from 'express4'

/** Each version by the name that test titles have. */
export const EXPRESS: Readonly<Record<'Express' | 'Express 4', typeof express>> = {
  Express: express,
  'Express 4': express4 as typeof express,
}
