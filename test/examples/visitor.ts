/** A visitor with a cookie jar, as small as one can be: one host, and every cookie for every path. */

/** What came back. */
export interface Answer {
  status: number
  text: string
  headers: Headers
  /** Where a redirect leads. */
  location: string | null
}

/** Somebody with a browser of their own. */
export interface Visitor {
  readonly cookies: Map<string, string>
  get(path: string): Promise<Answer>
  /** Submits a form, and does not follow the redirect. */
  post(path: string, fields?: Record<string, string>): Promise<Answer>
  send(path: string, init: RequestInit): Promise<Answer>
}

/** Opens a browser without cookies. */
export function visitor(origin: string): Visitor {
  const cookies = new Map<string, string>()

  async function send(path: string, init: RequestInit): Promise<Answer> {
    const headers = new Headers(init.headers)
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    if (cookie) headers.set('cookie', cookie)
    // SvelteKit answers a form with JSON unless it is asked for a page, as every browser does.
    if (!headers.has('accept')) headers.set('accept', 'text/html,*/*;q=0.8')
    const response = await fetch(origin + path, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/;\s*Max-Age=0/i.test(line) || /;\s*Expires=Thu, 01 Jan 1970/i.test(line))
        cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await response.text()
    const { status } = response
    return { status, text, headers: response.headers, location: response.headers.get('location') }
  }

  return {
    cookies,
    get: (path) => send(path, {}),
    post: (path, fields = {}) => send(path, { method: 'POST', body: new URLSearchParams(fields) }),
    send,
  }
}
