/** JSON in a signed cookie of Hono: its helpers on a context without a server. */

import { Context } from 'hono'
import { getSignedCookie, setSignedCookie } from 'hono/cookie'
import { type Contender, type Data, SECRET } from './contender.ts'

export function honoSigned(): Contender {
  const contextOf = (cookie?: string) => {
    return new Context(new Request('http://localhost/', cookie ? { headers: { cookie } } : {}))
  }
  async function read(context: Context): Promise<Data> {
    const text = await getSignedCookie(context, SECRET, 'session')
    return JSON.parse(text as string) as Data
  }
  async function write(context: Context, data: Data): Promise<readonly string[]> {
    const options = { httpOnly: true, path: '/', sameSite: 'Lax' } as const
    await setSignedCookie(context, 'session', JSON.stringify(data), SECRET, options)
    return context.res.headers.getSetCookie()
  }
  return {
    open: async (cookie, key) => (await read(contextOf(cookie)))[key],
    write: (data) => write(contextOf(), data),
    async change(cookie, key, value) {
      const context = contextOf(cookie)
      return write(context, { ...(await read(context)), [key]: value })
    },
  }
}
