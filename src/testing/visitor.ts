/** A visitor for tests: changes a session outside a request, and keeps the cookies of responses. */

import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'

/** Somebody who visits the app in a test, like a browser with its cookies. */
export interface TestVisitor<Data> {
  /** The Cookie header to send; empty without cookies. */
  readonly cookie: string
  /**
   * Opens the visitor's session, lets the test change or read it, and keeps what it did: Flask's
   * `session_transaction`.
   *
   * @throws what `session.commit()` throws, and what `work` throws; then nothing is kept.
   */
  session<Result>(work: (session: Session<Data>) => Result | Promise<Result>): Promise<Result>
  /** Takes the cookies of a response, and answers the response. */
  receive<Answer extends HasHeaders>(response: Answer): Answer
}

/** A Fetch response, or anything with its headers. */
export interface HasHeaders {
  readonly headers: Pick<Headers, 'getSetCookie'>
}

/**
 * Makes a visitor without cookies.
 *
 * It knows one host: names and values, and that a cookie may be cleared.
 *
 * @example
 * const visitor = testVisitor(sessions)
 * await visitor.session((session) => session.login('ada'))
 * const response = visitor.receive(await fetch(url, { headers: { cookie: visitor.cookie } }))
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
