import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../demo/app.ts'
import { memoryStore, type SessionStore } from '../../demo/sojourn.ts'
import { LANGUAGES, type Language, speaker } from '../../demo/words.ts'
import { STRIP_WORDS, type StripWord } from '../../demo/strip/words.ts'
import { quote } from '../../demo/strip/quote.ts'
import { type Visitor, visitor } from '../examples/visitor.ts'
import { browser, PASSWORDS, startDemo } from './start.ts'

/** The strip of a page, without tags and on one line. */
async function stripOf(visitor: Visitor, path = '/shop'): Promise<string> {
  const { text } = await visitor.get(path)
  return text
    .slice(text.indexOf('<aside'), text.indexOf('</aside>'))
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&gt;', '>')
    .replace(/\s+/g, ' ')
}

const KINDS = ['signed', 'encrypted', 'stored'] as const

/** Ada, signed in, with tea in her cart, her session of this kind. */
async function adaWith(kind: (typeof KINDS)[number]) {
  const demo = await startDemo()
  const ada = await demo.member('ada')
  await ada.post('/cart/add', { product: 'tea' })
  await ada.get('/shop')
  if (kind !== 'stored') await ada.post('/kind', { kind, next: '/shop' })
  await ada.get('/shop')
  return { demo, ada }
}

describe('the strip', () => {
  test('shows a visitor without a session that there is no cookie, and offers nothing to break', async () => {
    const guest = (await startDemo()).guest()
    const { text } = await guest.get('/shop')
    expect(text).toContain('None. A visitor who only looks around gets no cookie.')
    expect(text.match(/<button\s+disabled/g)).toHaveLength(3)
  })

  test('shows the cookie that this very response sets, its size and its attributes', async () => {
    const guest = (await startDemo()).guest()
    const { text, headers } = await guest.get('/')
    const [line = ''] = headers.getSetCookie()
    const [pair = ''] = line.split(';')
    expect(text).toContain(`${pair.length} of 4096 bytes · Set by this response.`)
    for (const attribute of ['HttpOnly', 'Path=/', 'SameSite=Lax']) {
      expect(line).toContain(attribute)
      expect(text).toContain(`<li>${attribute}</li>`)
    }
  })

  test('never has the whole cookie in the page', async () => {
    for (const kind of KINDS) {
      const { ada } = await adaWith(kind)
      const { location } = await ada.post('/try/steal')
      const pages = [(await ada.get(String(location))).text, (await ada.get('/')).text]
      for (const value of ada.cookies.values()) {
        if (value.length > 20)
          for (const text of pages) expect(text).not.toContain(value.slice(0, 20))
      }
    }
  })

  test('shows what the form before has done, and the line of code that did it', async () => {
    const { ada } = await adaWith('stored')
    await ada.post('/cart/add', { product: 'mug' })
    const strip = await stripOf(ada)
    expect(strip).toContain('POST /cart/add Saved: cart, flash().')
    expect(strip).toContain("session.update('cart', (cart = {}) => withOneMore(cart, product))")
    expect(strip).toContain('cart {"tea":1,"mug":1}')
  })

  test("shows nobody else's requests", async () => {
    const { demo, ada } = await adaWith('stored')
    await ada.post('/cart/add', { product: 'mug' })
    const strip = await stripOf(demo.guest())
    expect(strip).toContain('GET /shop No session')
    expect(strip).not.toContain('POST')
  })

  test('does not tell what the sessions of a race did', async () => {
    const ada = await (await startDemo()).member('ada')
    await ada.post('/races', { order: 'all-read-first' })
    const strip = await stripOf(ada)
    expect(strip).toContain("session.update('count'")
    expect(strip).not.toMatch(/POST \/races|Rejected|Signed out|Not saved|none was needed/)
  })

  test('leads back to a page there is, also from a form that was refused', async () => {
    const { origin } = await startDemo()
    for (const path of ['/kind', '/language', '/try/tamper', '/try/steal']) {
      const headers = { 'sec-fetch-site': 'cross-site' }
      const { status, text } = await visitor(origin).send(path, { method: 'POST', headers })
      expect(status, path).toBe(403)
      expect(text, path).toContain('name="next" value="/"')
    }
  })

  test('goes on after a restart of the server, with the cookie of before', async () => {
    const kept = { store: memoryStore(), secret: randomBytes(32).toString('base64url') }
    const origins = [await serveDemo(kept), await serveDemo(kept)]
    const [before, after] = origins.map(browser) as [Visitor, Visitor]
    await before.get('/')
    for (const [name, value] of before.cookies) after.cookies.set(name, value)
    await after.get('/shop')
    await after.post('/cart/add', { product: 'tea' })
    expect(await stripOf(after)).toContain('POST /cart/add Saved: cart, flash().')
  })

  test('quotes lines that are there: a quote of what was changed ends the start', () => {
    const { from, code } = quote('demo/strip/quote.ts', 'export function quote(', 1)
    expect(from).toMatch(/^demo\/strip\/quote\.ts:\d+$/)
    expect(code).toContain('export function quote(')
    expect(() => quote('demo/strip/quote.ts', 'no such\u0020line', 1)).toThrow('has no line with')
  })
})

describe('switching between signed, encrypted and stored', () => {
  test.each(KINDS)(
    '%s: the cart and the login come along, and the old cookie goes',
    async (kind) => {
      const { ada } = await adaWith(kind)
      const strip = await stripOf(ada)
      expect(strip).toContain('userId "ada" cart {"tea":1}')
      expect((await ada.get('/profile')).status).toBe(200)
      const names = [...ada.cookies.keys()].filter((name) => name.startsWith('session'))
      expect(names).toEqual([kind === 'stored' ? 'session' : `session-${kind}`])
    },
  )

  test('what was stored has ended: the old cookie opens nothing', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    const old = ada.cookies.get('session') ?? ''
    await ada.post('/kind', { kind: 'encrypted', next: '/shop' })
    const thief = demo.guest()
    thief.cookies.set('session', old)
    expect((await thief.get('/profile')).status).toBe(303)
  })

  test('and back again, as often as one likes', async () => {
    const { ada } = await adaWith('stored')
    for (const kind of ['signed', 'encrypted', 'signed', 'stored', 'nonsense']) {
      await ada.post('/kind', { kind, next: '/cart' })
    }
    expect(await stripOf(ada)).toContain('userId "ada" cart {"tea":1}')
    expect([...ada.cookies.keys()]).toEqual(['kept-as', 'session'])
  })

  test('the choice outlives the browser, as a remembered session does', async () => {
    const ada = await (await startDemo()).member('ada')
    const { headers } = await ada.post('/kind', { kind: 'signed', next: '/shop' })
    const choice = headers.getSetCookie().find((line) => line.startsWith('kept-as='))
    expect(choice).toMatch(/; Max-Age=\d{5,}/)
  })

  test('a session in a cookie has no list of devices, and the profile says where there is one', async () => {
    const { ada } = await adaWith('signed')
    const { text } = await ada.get('/profile')
    expect(text).toContain('id="devices"')
    expect(text).toContain('Sessions in a cookie cannot be listed.')
    expect(text).not.toContain('/devices/end')
  })

  test('a signed cookie can be read by who has it, an encrypted one cannot', async () => {
    const readable = async (kind: 'signed' | 'encrypted') => {
      const { ada } = await adaWith(kind)
      const [body = ''] = (ada.cookies.get(`session-${kind}`) ?? '').split('.')
      return Buffer.from(body, 'base64url').toString().includes('"tea"')
    }
    expect(await readable('signed')).toBe(true)
    expect(await readable('encrypted')).toBe(false)
  })
})

describe('changing a byte of the cookie', () => {
  test.each([
    ['signed', 'signature'],
    ['encrypted', 'signature'],
    ['stored', 'signature'],
  ] as const)('%s: is noticed and said, and the visitor is a new one', async (kind, reason) => {
    const { ada } = await adaWith(kind)
    expect((await ada.post('/try/tamper', { next: '/cart' })).location).toBe('/cart#session')
    const strip = await stripOf(ada, '/cart')
    expect(strip).toContain(`Rejected: ${reason}.`)
    expect(strip).toContain('One byte of your cookie was changed.')
    expect((await ada.get('/profile')).status).toBe(303)
  })

  test('is not to be had from another site', async () => {
    const { demo, ada } = await adaWith('stored')
    const abroad = visitor(demo.origin)
    for (const [name, value] of ada.cookies) abroad.cookies.set(name, value)
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    for (const path of ['/try/tamper', '/try/twice', '/try/steal', '/try/renew', '/kind']) {
      const body = new URLSearchParams({ next: '/', kind: 'signed' })
      expect((await abroad.send(path, { method: 'POST', body, headers })).status, path).toBe(403)
    }
    expect(abroad.cookies).toEqual(ada.cookies)
  })
})

describe('two requests at once', () => {
  test('in a store both are counted', async () => {
    const { ada } = await adaWith('stored')
    for (const [before, after] of [
      [0, 2],
      [2, 4],
    ]) {
      await ada.post('/try/twice', { next: '/shop' })
      const strip = await stripOf(ada)
      expect(strip).toContain(`Both were counted: ${before} became ${after}.`)
      expect(strip).toContain(`clicks ${after}`)
    }
  })

  test('with a cookie that was changed before, it is said that there is no session', async () => {
    const { ada } = await adaWith('stored')
    await ada.post('/try/tamper', { next: '/shop' })
    expect((await ada.get('/shop')).text.match(/<button[^>]*\sdisabled/g)).toHaveLength(3)
    await ada.post('/try/twice', { next: '/shop' })
    expect(await stripOf(ada)).toContain('there is no session yet.')
    expect((await ada.post('/try/steal')).location).toBe('/thief')
  })

  test.each(['signed', 'encrypted'] as const)(
    'in a cookie (%s) one is lost, and that is said',
    async (kind) => {
      const { ada } = await adaWith(kind)
      await ada.post('/try/twice', { next: '/shop' })
      const strip = await stripOf(ada)
      expect(strip).toContain('and one was lost: 0 became 1.')
      expect(strip).toContain('clicks 1')
    },
  )
})

describe('a stolen cookie', () => {
  /** Steals it; the story is what its page says, to be told step by step. */
  async function stolenFrom(owner: Visitor) {
    const { location } = await owner.post('/try/steal')
    const path = String(location)
    const copy = path.split('/').at(-1) ?? ''
    const read = async () => (await owner.get(path)).text
    return {
      path,
      read,
      press: (form: string) => owner.post(`/try/${form}`, { copy }),
      outcomes: async () =>
        [...(await read()).matchAll(/class="verdict (\w+)"/g)].map(([, outcome]) => outcome),
    }
  }

  test('in a store: is found out when the old id comes again, and the session ends', async () => {
    const { ada } = await adaWith('stored')
    const { press, outcomes, read } = await stolenFrom(ada)
    await press('thief')
    expect(await outcomes()).toEqual(['accepted'])
    await press('renew')
    await read()
    expect(await stripOf(ada)).toMatch(
      /POST \/try\/renew New session id, same data\. +(The code|GET|POST)/,
    )
    await press('thief')
    const page = await read()
    expect(page).toContain('Found out.')
    expect(page).toContain('Rejected: replayed.')
    expect((await ada.get('/profile')).status).toBe(303)
  })

  test('in a store: is worth nothing once its owner has signed out', async () => {
    const { ada } = await adaWith('stored')
    const { path, press, outcomes, read } = await stolenFrom(ada)
    expect((await ada.post('/sign-out', { next: path })).location).toBe(path)
    await read()
    await press('thief')
    expect(await outcomes()).toEqual(['refused'])
  })

  test.each(['signed', 'encrypted'] as const)(
    'in a cookie (%s): goes on after its owner has signed out, until its time is over',
    async (kind) => {
      const { demo, ada } = await adaWith(kind)
      const { path, press, outcomes, read } = await stolenFrom(ada)
      await ada.post('/sign-out', { next: path })
      await read()
      await press('thief')
      const page = await read()
      expect(page).toContain('The thief is signed in as Ada Lovelace. Things in the cart: 1.')
      expect(page).toContain('Without a store, nothing takes a copy back')
      demo.pass(31)
      await press('thief')
      expect(await outcomes()).toEqual(['accepted', 'refused'])
    },
  )

  test('there is nothing to steal from who has no cookie, and no copy under another id', async () => {
    const guest = (await startDemo()).guest()
    expect((await guest.post('/try/steal')).location).toBe('/thief')
    expect((await guest.post('/try/thief', { copy: 'x' })).location).toBe('/thief')
    const { text } = await guest.get('/thief/x')
    expect(text).toContain('Has nothing yet.')
    // Three in the strip, and "Copy my cookie".
    expect(text.match(/<button[^>]*\sdisabled/g)).toHaveLength(4)
  })

  test('the thief remembers the last uses, however often the form is sent', async () => {
    const { ada } = await adaWith('signed')
    const { press, outcomes } = await stolenFrom(ada)
    for (let count = 0; count < 12; count++) await press('thief')
    expect(await outcomes()).toHaveLength(8)
  })
})

test('ending the other sessions is one press away where a store keeps them', async () => {
  const { demo, ada } = await adaWith('stored')
  const elsewhere = demo.guest()
  await elsewhere.post('/sign-in', { name: 'ada', password: PASSWORDS.ada })
  expect((await ada.get('/shop')).text).toContain('End my other sessions')
  await ada.post('/devices/end-others')
  expect(await stripOf(ada, '/profile')).toContain('All other sessions of this user were ended.')
  expect((await elsewhere.get('/profile')).status).toBe(303)
  const { ada: inCookie } = await adaWith('signed')
  expect((await inCookie.get('/shop')).text).not.toContain('End my other sessions')
})

test('each kind has its own inspector, one click away', async () => {
  const { ada } = await adaWith('encrypted')
  const [, href = ''] = /href="(\/__sessions[\w-]*)"/.exec((await ada.get('/shop')).text) ?? []
  expect(href).toBe('/__sessions-encrypted')
  expect((await ada.get(href)).status).toBe(200)
})

test('the strip speaks each language, with the same gaps', () => {
  const values = new Proxy({}, { get: (_target, name) => `<${String(name)}>` })
  const gapsIn = (language: Language) =>
    (Object.keys(STRIP_WORDS.en) as StripWord[]).map((word) => {
      const text = speaker(language)(word, values)
      expect(text, word).not.toBe('')
      return `${word} ${[...text.matchAll(/<\w+>/g)].map(String).toSorted().join(' ')}`
    })
  for (const language of Object.keys(LANGUAGES) as Language[]) {
    expect(gapsIn(language)).toEqual(gapsIn('en'))
  }
})

/** One of several servers with the same store and secret. */
async function serveDemo(kept: { store: SessionStore; secret: string }): Promise<string> {
  const db = new DatabaseSync(':memory:')
  const server = createServer(createApp({ db, ...kept }).app)
  await new Promise<void>((resolve) => server.listen(0, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
    db.close()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}`
}
