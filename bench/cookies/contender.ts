/** What every library does in the cookie benchmarks, from the Cookie header to the Set-Cookie line. */

export type Data = Record<string, unknown>

type Later<Value> = Value | Promise<Value>

/** One library. Cookies are texts as in the Cookie header; lines are values of Set-Cookie. */
export interface Contender {
  /** From a Cookie header to the value of one key. */
  open(cookie: string, key: string): Later<unknown>
  /** From a visitor without a cookie to the Set-Cookie lines of a session with this data. */
  write(data: Data): Later<string | readonly string[]>
  /** From a Cookie header to the Set-Cookie lines, or none, after one key has changed. */
  change(cookie: string, key: string, value: unknown): Later<string | readonly string[]>
}

/** The Cookie header that a browser returns for these Set-Cookie lines. */
export function cookieHeader(lines: string | readonly string[]): string {
  return [lines]
    .flat()
    .map((line) => line.split(';', 1)[0])
    .join('; ')
}

export const SECRET = 'kZ3bq0Wm9yN7uV1tR5xP8cL2aE6dG4hJ-oF_iSwQzXY'
export const ATTRIBUTES = '; HttpOnly; Path=/; SameSite=Lax'
