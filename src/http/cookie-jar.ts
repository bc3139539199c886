/** Sets the cookie of a Set-Cookie line in a framework's cookie jar. */

/** The cookie jar of a framework: `await cookies()` in Next, `event.cookies` in SvelteKit. */
export interface CookieJar {
  set(name: string, value: string, attributes: JarAttributes): unknown
}

/** The attributes of a cookie, as a jar takes them. */
export interface JarAttributes {
  path: string
  domain?: string
  expires?: Date
  maxAge?: number
  httpOnly?: boolean
  secure?: boolean
  sameSite?: 'strict' | 'lax' | 'none' | undefined
  partitioned?: true
}

/**
 * Sets the cookie of a Set-Cookie line.
 *
 * @param absent the values of attributes that the line does not have, if the jar has other defaults
 */
export function setInJar(jar: CookieJar, line: string, absent: Partial<JarAttributes> = {}): void {
  const [pair = '', ...rest] = line.split('; ')
  const [name, value] = halves(pair)
  const given = rest.map((attribute) => jarAttribute(...halves(attribute)))
  jar.set(name, value, Object.assign({}, absent, ...given))
}

function halves(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=')
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
}

function jarAttribute(name: string, value: string): Partial<JarAttributes> {
  switch (name) {
    case 'Domain':
      return { domain: value }
    case 'Path':
      return { path: value }
    case 'Expires':
      return { expires: new Date(value) }
    case 'Max-Age':
      return { maxAge: Number(value) }
    case 'SameSite':
      return { sameSite: value.toLowerCase() as NonNullable<JarAttributes['sameSite']> }
    case 'HttpOnly':
      return { httpOnly: true }
    case 'Secure':
      return { secure: true }
    default:
      return { partitioned: true }
  }
}
