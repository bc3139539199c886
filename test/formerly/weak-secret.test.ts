/** The way out of a weak secret, as the page "Moving from cookie-session" has it: that library's own rotation. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import cookieSessionOf from 'cookie-session'
import { expect, test } from 'vitest'
import { cookieSession } from '../../src/formerly/formerly.ts'
import { createSessions } from '../../src/index.ts'
import { kept, OTHER } from './libraries.ts'

/** A request to an app on cookie-session with these keys. Returns the cookies of the visitor afterwards. */
async function visit(keys: string[], cookie: string): Promise<string> {
  const middleware = cookieSessionOf({ keys, maxAge: 86_400_000 })
  const server = createServer((req: any, res: any) =>
    middleware(req, res, () => {
      if (req.session.cart === undefined) req.session.cart = 'tea'
      res.end()
    }),
  ).listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://localhost:${port}/`, { headers: { cookie } })
  server.close()
  return kept(cookie, response.headers.getSetCookie())
}

test('cookie-session signs a cookie of a weak key again, if the list begins with another key', async () => {
  const sessions = createSessions(cookieSession({ keys: [OTHER] }))
  const weak = await visit(['keyboard cat'], '')
  expect((await sessions.open(weak)).get('cart')).toBeUndefined()
  const signedAgain = await visit([OTHER, 'keyboard cat'], weak)
  expect((await sessions.open(signedAgain)).get('cart')).toBe('tea')
})
