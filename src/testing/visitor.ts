/** `testVisitor`: a cookie jar for tests that can also change its session outside a request. */

import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'

/** A visitor of the app in a test: a browser's cookies. */
export interface TestVisitor<Data> {
  /** The Cookie header to send; `''` without cookies. */
  readonly cookie: string
  /**
   * Opens the visitor's session, calls `work` with it, commits it, and returns what `work` returned.
   * In Flask: `session_transaction`.
   *
   * @throws what `work` or `session.commit()` throws; nothing is saved then
   */
  session<Result>(work: (session: Session<Data>) => Result | Promise<Result>): Promise<Result>
  /** Stores the cookies of a response, and returns the response. */
  receive<Answer extends HasHeaders>(response: Answer): Answer
}

/** A Fetch `Response`, or an object with the same headers. */
export interface HasHeaders {
  /** Headers that can be asked for their Set-Cookie lines. */
  readonly headers: Pick<Headers, 'getSetCookie'>
}

/**
 * Makes a visitor without cookies.
 *
 * It is for one host: it ignores all cookie attributes except the Max-Age that deletes a cookie.
 *
 * @example
 * import { testVisitor } from 'sojourn/testing'
 * const visitor = testVisitor(sessions)
 * await visitor.session((session) => session.login('ada'))
 * const { cookie } = visitor
 * visitor.receive(await fetch('http://localhost:3000/account', { headers: { cookie } }))
 */
export function testVisitor<Data>(sessions: Sessions<Data>): TestVisitor<Data> {
  const cookies = new Map<string, string>()

  function take(headers: Pick<Headers, 'getSetCookie'>): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';')
      const at = pair.indexOf('=')
      const name = pair.slice(0, at).trim()
      const isCleared = attributes.some((attribute) => /^\s*max-age=(0|-)/i.test(attribute))
      if (isCleared) cookies.delete(name)
      else cookies.set(name, pair.slice(at + 1).trim())
    }
  }

  const visitor: TestVisitor<Data> = {
    get cookie() {
      return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    },
    async session(work) {
      const session = await sessions.open(visitor.cookie)
      const result = await work(session)
      take(await session.commit())
      return result
    },
    receive(response) {
      take(response.headers)
      return response
    },
  }
  return visitor
}
