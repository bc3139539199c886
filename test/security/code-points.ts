/** Code points, and the grammars of what stands in Set-Cookie: written a second time, as numbers. */

import { afterAll, beforeAll } from 'vitest'
import { SessionError } from '../../src/base/errors.ts'

export const LAST = 0x10ffff

// Beyond the first plane the edges of each plane stand for it, save in `npm run test:long`.
const isLong = process.env['LONG_TESTS'] === '1'
export const isTried = (code: number) =>
  isLong || code <= 0xffff || ((code + 0x80) & 0xffff) < 0x100

/** For tests that make millions of errors: nobody reads where those come from. */
export function withoutStackTraces(): void {
  const { stackTraceLimit } = Error
  beforeAll(() => void (Error.stackTraceLimit = 0))
  afterAll(() => void (Error.stackTraceLimit = stackTraceLimit))
}

/** What comes of it, or `undefined` where it is refused as it should be. */
export function unlessRefused<Made>(make: () => Made): Made | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof SessionError && error.code === 'ERR_OPTION_INVALID') return undefined
    throw error
  }
}

/** The code points, lone surrogates among them, for which this holds. */
export function codePoints(holds: (character: string) => boolean, last = LAST): number[] {
  const found: number[] = []
  for (let code = 0; code <= last; code++) {
    if (isTried(code) && holds(String.fromCodePoint(code))) found.push(code)
  }
  return found
}

export const codes = (text: string) => [...text].map((character) => character.charCodeAt(0))
export const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at)
export const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)

export const ALNUM = [...range(0x30, 0x39), ...range(0x41, 0x5a), ...range(0x61, 0x7a)]

/** RFC 9110 section 5.6.2. */
export const TCHAR = sorted([...ALNUM, ...codes("!#$%&'*+-.^_`|~")])
/** RFC 6265bis section 4.1.1. */
export const AV_OCTET = range(0x20, 0x7e).filter((code) => code !== 0x3b)
/** RFC 1034 section 3.5. */
export const LDH = sorted([...ALNUM, 0x2d])
