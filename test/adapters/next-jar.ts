/** The part of Next that a test needs without a build: one request's cookies and headers. */

import { parseSetCookie, stringifySetCookie } from 'cookie'
import type { NextFunctions } from '../../src/adapters/next.ts'

/** A request, as the functions of `next/headers` show it. */
export interface NextRequestInHand extends NextFunctions {
  /** The Set-Cookie lines so far. */
  readonly lines: string[]
}

/** Makes the functions of Next for one request. Like Next's jar, it has one value of each name. */
export function nextRequest(cookie = '', others: Record<string, string> = {}): NextRequestInHand {
  const sent = new Headers({ ...others, ...(cookie ? { cookie } : {}) })
  const values = new Map(
    cookie.split('; ').map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)] as const
    }),
  )
  const lines: string[] = []
  const jar = {
    get: (name: string) => (values.has(name) ? { value: values.get(name)! } : undefined),
    set(name: string, value: string, attributes: object) {
      values.set(name, value)
      lines.push(stringifySetCookie({ ...attributes, name, value }))
    },
  }
  return { cookies: async () => jar, headers: async () => sent, lines }
}

/** The names and values of a Set-Cookie line's attributes, in any order and spelling. */
export function attributesOf(line: string): object {
  return parseSetCookie(line)!
}
