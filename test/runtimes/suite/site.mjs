/** What the scenarios of every runtime use: a secret, a jar of cookies, a page that counts. */

import assert from 'node:assert/strict'
import { testVisitor } from 'sojourn/testing'

/** The secret of every app. */
export const secret = 'Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y/B?'

/** The Cookie header that a browser would send after a response. */
export function cookieFrom(response) {
  return response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}

/** Counts a visit, and returns the count as text. */
export async function count(session) {
  return String((await session).update('visits', (n = 0) => n + 1))
}

/** A browser on a site: `visit` is what `host.serve` or `host.listen` returned. */
export function browserOn(visit, sessions) {
  const jar = testVisitor(sessions)
  return {
    jar,
    async go(path = '/', { headers, ...init } = {}) {
      const cookie = jar.cookie === '' ? {} : { cookie: jar.cookie }
      const response = await visit(path, {
        redirect: 'manual',
        ...init,
        headers: { ...cookie, ...headers },
      })
      return jar.receive(response)
    },
  }
}

/** Three visits count to three, and caches are told what the page depends on. */
export async function countsToThree(visit, sessions) {
  const { go } = browserOn(visit, sessions)
  const texts = []
  for (let times = 0; times < 3; times += 1) {
    const response = await go()
    assert.equal(response.status, 200)
    assert.match(response.headers.get('vary'), /\bCookie\b/)
    texts.push(await response.text())
  }
  assert.deepEqual(texts, ['1', '2', '3'])
}

/** 40 concurrent requests of one session all return 200, and count exactly. */
export async function fortyAtOnce(visit, sessions) {
  const { go, jar } = browserOn(visit, sessions)
  await (await go()).text()
  const { cookie } = jar
  const replies = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const response = await visit('/', { headers: { cookie } })
      return [response.status, Number(await response.text())]
    }),
  )
  assert.deepEqual(
    replies.filter(([status]) => status !== 200),
    [],
  )
  assert.equal(await (await go()).text(), '42')
}
