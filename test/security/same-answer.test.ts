import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { masked } from './same-answer-mask.ts'
import { KINDS } from './same-answer-cookies.ts'
import type { BadCookie } from './same-answer-ids.ts'
import { SessionError } from '../../src/index.ts'
import { ADAPTERS, type Work } from '../promises/adapters.ts'

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

/** Every byte of the answer, on a connection of its own. */
function bytes(url: string, path: string, cookie: string | undefined): Promise<string> {
  const { hostname, port } = new URL(url)
  const head = [`GET ${path} HTTP/1.1`, 'Host: site', 'Connection: close']
  if (cookie !== undefined) head.push(`Cookie: ${cookie}`)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => resolve(masked(Buffer.concat(chunks).toString('latin1'))))
    socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'))
  })
}

/** What pages do with a session. The answers show all that can be seen of it. */
const PAGES: Readonly<Record<string, Work>> = {
  '/look': async (open) => {
    const session = await open()
    const { isNew, size, userId, permanent, label, handle } = session
    return { isNew, size, userId, permanent, label, handle, flashes: session.flashes() }
  },
  '/write': async (open) => {
    const session = await open()
    return session.update('n', (n = 0) => n + 1)
  },
  '/login': async (open) => (await open()).login('ann'),
  '/logout': async (open) => (await open()).logout(),
  '/members': async (open) => {
    const session = await open()
    if (session.userId === undefined) throw new SessionError('ERR_NOT_SIGNED_IN')
  },
  '/nothing': () => 'nobody asked',
}

/** Pages on which it cannot be seen either whether there was a cookie at all. */
const LIKE_NO_COOKIE = ['/look', '/write', '/login', '/members', '/nothing']

const site: Work = (open, path) => PAGES[path]!(open, path)

describe.each(Object.keys(KINDS))('where the session cookie is %s', (name) => {
  test.each(Object.keys(ADAPTERS))(
    'no bad cookie can be told from another by the answer, through %s',
    async (adapter) => {
      vi.spyOn(console, 'error').mockImplementation(() => {})
      const { sessions, events, good, bad } = KINDS[name]!()
      const url = await ADAPTERS[adapter]!(sessions, site)
      const cookies = await bad()
      expect(new Set(cookies.map(([, header]) => header)).size).toBe(cookies.length)
      expect(cookies.length).toBeGreaterThanOrEqual(30)
      expect(await bytes(url, '/look', await good())).toContain('"isNew":false,"size":1')
      for (const path of Object.keys(PAGES)) {
        const [[, first] = ['', '']] = cookies
        const expected = await bytes(url, path, LIKE_NO_COOKIE.includes(path) ? undefined : first)
        expect(expected).toContain(path === '/members' ? ' 401 Unauthorized\r\n' : ' 200 OK\r\n')
        for (const cookie of cookies) {
          events.length = 0
          expect(await bytes(url, path, cookie[1]), `${cookie[0]} on ${path}`).toBe(expected)
          if (path === '/look') expectReason(cookie)
        }
      }
      function expectReason([which, , reason]: BadCookie): void {
        const told = events.flatMap((event) => (event.type === 'rejected' ? [event.reason] : []))
        expect(told, which).toHaveLength(1)
        if (reason !== '') expect(told, which).toEqual([reason])
      }
    },
  )
})
