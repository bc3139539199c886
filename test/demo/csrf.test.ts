import { describe, expect, test } from 'vitest'
import { type Visitor, visitor } from '../examples/visitor.ts'
import { PASSWORDS, startDemo } from './start.ts'

/** The token of a page's forms; each of them has the same. */
function tokenOf(page: string): string {
  const forms = page.match(/<form\b[^>]*method="post"[^]*?<\/form>/g) ?? []
  const tokens = forms.map((form) => /name="_csrf" value="([\w-]{43})"/.exec(form)?.[1])
  expect(tokens.length).toBeGreaterThan(0)
  expect(new Set(tokens).size).toBe(1)
  return tokens[0]!
}

/** Signs in as a browser of long ago does, which says nothing of where a form came from. */
async function signIn(old: Visitor): Promise<void> {
  await old.get('/')
  const _csrf = tokenOf((await old.get('/sign-in')).text)
  const fields = { name: 'ada', password: PASSWORDS.ada, _csrf }
  expect((await old.post('/sign-in', fields)).status).toBe(303)
}

describe('a form of the demo', () => {
  test('carries the token on every page, and an old browser can use the whole site', async () => {
    const demo = await startDemo()
    const old = visitor(demo.origin)
    await signIn(old)
    await (await demo.member('ada')).get('/profile')
    const guestToken = tokenOf((await visitor(demo.origin).get('/sign-in')).text)
    const token = tokenOf((await old.get('/')).text)
    expect(token).not.toBe(guestToken)

    const post = (path: string, fields: Record<string, string> = {}) =>
      old.post(path, { ...fields, _csrf: token })
    expect((await post('/cart/add', { product: 'tea' })).location).toBe('/shop')
    expect((await post('/todo', { text: 'buy tea' })).location).toBe('/todo')
    for (const path of ['/', '/shop', '/cart', '/todo', '/todo/1', '/profile', '/nowhere']) {
      expect(tokenOf((await old.get(path)).text), path).toBe(token)
    }
    expect((await post('/todo/1', { text: 'drink tea' })).location).toBe('/todo')
    expect((await post('/todo/1/done', { done: 'yes' })).location).toBe('/todo')
    expect((await post('/todo/1/delete')).location).toBe('/todo')
    expect((await post('/cart/check-out')).location).toBe('/shop')
    expect((await post('/language', { language: 'de' })).location).toBe('/')
    expect((await post('/devices/end-others')).location).toBe('/profile')
    expect((await post('/sign-out')).location).toBe('/')
  })

  test('without it, or with one from before signing in, changes nothing', async () => {
    const demo = await startDemo()
    const old = visitor(demo.origin)
    await old.get('/')
    const before = tokenOf((await old.get('/sign-in')).text)
    await old.post('/sign-in', { name: 'ada', password: PASSWORDS.ada, _csrf: before })
    for (const fields of [{}, { _csrf: before }, { _csrf: '' }]) {
      const answer = await old.post('/todo', { ...fields, text: 'break in' })
      expect(answer.status).toBe(403)
      expect(answer.text).toContain('That did not come from a page of ours.')
      expect((await old.post('/sign-out', fields)).status).toBe(403)
    }
    expect(demo.db.prepare('select * from todo').all()).toEqual([])
    expect((await old.get('/profile')).status).toBe(200)
  })

  test('sent by another site changes nothing, whatever the token', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    const _csrf = tokenOf((await ada.get('/todo')).text)
    const attacker = visitor(demo.origin)
    for (const [name, value] of ada.cookies) attacker.cookies.set(name, value)
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site', origin: 'https://other.localhost' },
    ]) {
      const isNeighbour = headers['sec-fetch-site'] === 'same-site'
      const body = new URLSearchParams({ text: 'break in', ...(isNeighbour ? {} : { _csrf }) })
      const answer = await attacker.send('/todo', { method: 'POST', headers, body })
      expect(answer.status).toBe(403)
    }
    expect(demo.db.prepare('select * from todo').all()).toEqual([])
  })
})
