/** The facts of a Fetch `Request`, and the response for an error of a session. */

import { mergeInto } from '../http/headers.ts'
import type { RequestFacts } from '../http/request-facts.ts'
import { refusalOf } from '../session/explain/refusal.ts'

/** The facts of a `Request`. */
export class FetchFacts implements RequestFacts {
  readonly #request: Request

  constructor(request: Request) {
    this.#request = request
  }

  get method(): string {
    return this.#request.method
  }

  get cookie(): string | null {
    return this.#request.headers.get('cookie')
  }

  get encrypted(): boolean {
    return this.#request.url.startsWith('https:')
  }

  header(name: string): string | null {
    const { headers, url } = this.#request
    // The Host header comes first: some servers put the address they listen on into the URL.
    return headers.get(name) ?? (name === 'host' ? new URL(url).host : null)
  }
}

/** The response for an error of a session. */
export function refused(error: unknown): Response {
  const { status, headers, setCookie, body } = refusalOf(error)
  const merged = mergeInto(new Headers(headers), { vary: true, setCookie })
  return new Response(body, { status, headers: merged })
}
