import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { html } from '../../demo/html.ts'
import { safeNext } from '../../src/index.ts'
import { PASSWORDS, startDemo } from './start.ts'

const SCRIPT = `"><script>alert('boo')</script>`
const ESCAPED = '&quot;&gt;&lt;script&gt;alert(&#39;boo&#39;)&lt;/script&gt;'

describe('an open redirect', () => {
  const elsewhere = [
    'https://evil.example/',
    'HTTPS:evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '\t//evil.example',
    '/\n/evil.example',
    '/\r\nSet-Cookie: session=stolen',
    '/\0/evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2e%2e//evil.example',
    '/todo\\7',
    'javascript:alert(1)',
    'evil.example',
    '@evil.example',
    '/\u0085/evil.example',
    '/\u2028/evil.example',
    `/${'a'.repeat(1000)}`,
    '',
  ]

  // One demo for all of them: hashing passwords takes its time, as it should.
  test('is not to be had from a form or a link', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    for (const next of elsewhere) {
      const told = JSON.stringify(next)
      const fields = { name: 'ada', password: PASSWORDS.ada, next }
      expect((await demo.guest().post('/sign-in', fields)).location, told).toBe('/profile')
      expect((await demo.guest().post('/language', { language: 'de', next })).location, told).toBe(
        '/',
      )
      const link = `/sign-in?next=${encodeURIComponent(next)}`
      expect((await ada.get(link)).location, told).toBe('/profile')
      expect((await demo.guest().post('/cart/add', { product: 'tea', next })).location, told).toBe(
        '/shop',
      )
    }
  })

  test('is not to be had by asking for a page that looks like another host', async () => {
    const { guest } = await startDemo()
    for (const path of ['//evil.example/todo', '/todo/..//evil.example']) {
      const { location } = await guest().get(path)
      expect(location ?? '').not.toContain('evil')
    }
  })

  test('paths of this site do lead there', () => {
    for (const next of ['/', '/todo', '/cart?from=/shop#end', '/todo/7', '/caf%C3%A9', '/a//b']) {
      expect(safeNext(next, '/nowhere')).toBe(next)
    }
    expect(safeNext(['/todo'], '/nowhere')).toBe('/nowhere')
    expect(safeNext(undefined, '/nowhere')).toBe('/nowhere')
  })

  test('whatever is typed, a browser stays on this site', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      ':',
      '@',
      '\t',
      '\n',
      '%2f',
      '%5c',
      '?',
      '#',
      'evil.example',
      'https:',
    )
    const typed = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part).map((parts) => `/${parts.join('')}`),
    )
    fc.assert(
      fc.property(typed, (next) => {
        const path = safeNext(next, '/')
        expect(new URL(path, 'https://here.example/sign-in').origin).toBe('https://here.example')
        expect(path).toMatch(/^\/(?![/\\])[!-~]*$/)
      }),
      { numRuns: 20_000 },
    )
  })
})

describe("a script in a visitor's words", () => {
  test('is shown as text in a to-do, its form, its labels and its messages', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    await ada.post('/todo', { text: SCRIPT })
    const list = (await ada.get('/todo')).text
    const [, id] = /action="\/todo\/(\d+)\/done"/.exec(list) ?? []
    const pages = [list, (await ada.get(`/todo/${id}`)).text]
    await ada.post(`/todo/${id}`, { text: `${SCRIPT}!` })
    pages.push((await ada.get('/todo')).text)
    await ada.post(`/todo/${id}/delete`)
    pages.push((await ada.get('/shop')).text)
    for (const page of pages) {
      expect(page).toContain(ESCAPED)
      expect(page).not.toMatch(/<script|alert\('/)
    }
  })

  test('is shown as text in the sign-in form and in links back', async () => {
    const { guest } = await startDemo()
    const pages = [
      (await guest().post('/sign-in', { name: SCRIPT, password: SCRIPT, next: `/${SCRIPT}` })).text,
      (await guest().get(`/sign-in?next=${encodeURIComponent(`/${SCRIPT}`)}`)).text,
      (await guest().get(`/nowhere/${encodeURIComponent(SCRIPT)}?${SCRIPT}`)).text,
      (await guest().get(`/nowhere?"><script>`)).text,
    ]
    expect(pages[0]).toContain(`value="${ESCAPED}"`)
    for (const page of pages) expect(page).not.toContain('<script')
  })

  test('could not run anyway: the policy allows none', async () => {
    const { guest } = await startDemo()
    for (const path of ['/', '/nowhere', '/todo']) {
      const { headers } = await guest().get(path)
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'self'/,
      )
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('vary')).toContain('Cookie')
    }
  })

  test('nothing but the template itself is taken for HTML', () => {
    const forged = { html: '<i>', toString: () => '<i>' }
    expect(String(html`<b title="${`"'`}">${'<i>&'}</b>`)).toBe(
      '<b title="&quot;&#39;">&lt;i&gt;&amp;</b>',
    )
    expect(String(html`${[html`<i>a</i>`, '<br>', 1, false, undefined]}`)).toBe(
      '<i>a</i>&lt;br&gt;1',
    )
    expect(String(html`${String(forged)}`)).toBe('&lt;i&gt;')
  })
})

describe('a to-do list', () => {
  test('of somebody else cannot be read, edited, checked off or deleted', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    await ada.post('/todo', { text: 'private notes' })
    const rows = () => demo.db.prepare('select id, owner, text, done from todo').all()
    const before = rows()
    const { id } = before[0] as { id: number }

    const grace = await demo.member('grace')
    expect((await grace.get('/todo')).text).not.toContain('private notes')
    for (const answer of [
      await grace.get(`/todo/${id}`),
      await grace.post(`/todo/${id}`, { text: 'mine now', owner: 'grace' }),
      await grace.post(`/todo/${id}/done`, { done: 'yes' }),
      await grace.post(`/todo/${id}/delete`),
    ]) {
      expect(answer.status).toBe(404)
      expect(answer.text).not.toContain('private notes')
    }
    expect(rows()).toEqual(before)
  })

  test('cannot be written without signing in', async () => {
    const demo = await startDemo()
    await (await demo.member('ada')).post('/todo', { text: 'keep this' })
    const rows = () => demo.db.prepare('select * from todo').all()
    const before = rows()
    const guest = demo.guest()
    for (const path of ['/todo', '/todo/1', '/todo/1/done', '/todo/1/delete']) {
      const answer = await guest.post(path, { text: 'break in', done: 'yes' })
      expect(answer.status).toBe(401)
      expect(answer.text).toContain('Sign in to go on.')
      expect(answer.text).toContain('name="next" value="/todo"')
    }
    expect((await guest.get('/todo/1')).location).toBe('/sign-in?next=%2Ftodo%2F1')
    expect(rows()).toEqual(before)
  })

  test('cannot be written by someone who has signed out', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    await ada.post('/sign-out')
    expect((await ada.post('/todo', { text: 'too late' })).status).toBe(401)
    expect(demo.db.prepare('select * from todo').all()).toEqual([])
  })

  test('is not changed by following a link', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    await ada.post('/todo', { text: 'keep this' })
    for (const path of [
      '/todo/1/delete',
      '/todo/1/done?done=yes',
      '/cart/check-out',
      '/sign-out',
    ]) {
      expect((await ada.get(path)).status).toBe(404)
    }
    expect((await ada.get('/todo')).text).toContain('keep this')
  })

  test('has nothing under what is no number of its own', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    await ada.post('/todo', { text: `'); drop table todo; --` })
    for (const id of [
      '0',
      '-1',
      '1.5',
      '1e0',
      '1 or 1=1',
      "1'--",
      '9'.repeat(40),
      '%00',
      'NaN',
      '01',
    ]) {
      expect((await ada.get(`/todo/${id}`)).status, id).toBe(404)
      expect((await ada.post(`/todo/${id}/delete`)).status, id).toBe(404)
    }
    expect(demo.db.prepare('select * from todo').all()).toHaveLength(1)
  })
})

describe('what no browser sends', () => {
  test('a forged or damaged cookie is a visitor whom nobody knows', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    const [name, value] = [...ada.cookies][0]!
    for (const forged of [`${value}x`, value.slice(1), 'eyJ1IjoiYWRhIn0.a.b', '', '"', '%']) {
      const guest = demo.guest()
      guest.cookies.set(name, forged)
      expect((await guest.get('/profile')).status).toBe(303)
    }
  })

  test('a cookie from before signing in is not signed in afterwards', async () => {
    const demo = await startDemo()
    const guest = demo.guest()
    await guest.get('/')
    const planted = new Map(guest.cookies)
    await guest.post('/sign-in', { name: 'ada', password: PASSWORDS.ada })
    const attacker = demo.guest()
    for (const [name, value] of planted) attacker.cookies.set(name, value)
    // At once it is a request that was under way; a minute later it is nobody's.
    expect((await attacker.get('/profile')).status).toBe(409)
    demo.pass(1)
    expect((await attacker.get('/profile')).status).toBe(303)
  })

  test('a body that is too large, or a path that is no text, gets a page and its own status', async () => {
    const { guest } = await startDemo()
    expect((await guest().post('/sign-in', { name: 'x'.repeat(20_000) })).status).toBe(413)
    expect((await guest().get('/todo/%FF')).status).toBe(400)
    const json = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"ada"}',
    }
    expect((await guest().send('/sign-in', json)).status).toBe(401)
  })

  test('a field sent twice counts as not sent', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    const body = new URLSearchParams([
      ['text', 'one'],
      ['text', 'two'],
    ])
    await ada.send('/todo', { method: 'POST', body })
    expect(demo.db.prepare('select * from todo').all()).toEqual([])
  })

  test('messages that nobody reads never fill more than a browser keeps, and the site goes on', async () => {
    const demo = await startDemo('cookie')
    const ada = await demo.member('ada')
    const add = async (text: string) => (await ada.post('/todo', { text })).status
    let status = 303
    for (let times = 0; times < 300 && status === 303; times++) {
      // Words that do not get shorter by deflating them.
      status = await add(createHash('sha256').update(String(times)).digest('base64'))
    }
    // The oldest messages went.
    expect(status).toBe(303)
    expect((await ada.get('/shop')).status).toBe(200)
    expect(await add('one more')).toBe(303)
  })
})
