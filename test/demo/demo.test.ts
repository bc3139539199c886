import { describe, expect, test } from 'vitest'
import { linesOf, withOneLess, withOneMore, productNamed } from '../../demo/shop.ts'
import { REMOVE } from '../../demo/sojourn.ts'
import { LANGUAGES, speaker, type Language } from '../../demo/words.ts'
import { PASSWORDS, read, startDemo } from './start.ts'

describe('signing in and out', () => {
  test('greets who knows the password, and leads to the profile', async () => {
    const ada = (await startDemo()).guest()
    const answer = await ada.post('/sign-in', { name: ' Ada ', password: PASSWORDS.ada })
    expect(answer.status).toBe(303)
    expect(answer.location).toBe('/profile')
    const profile = read((await ada.get('/profile')).text)
    expect(profile).toContain('Welcome, Ada Lovelace. You are signed in.')
    expect(profile).toContain('Signed in since June 1, 2026')
  })

  test('says the same of a wrong password and of an unknown name, and keeps the name typed', async () => {
    const guest = (await startDemo()).guest()
    for (const name of ['ada', 'nobody', '']) {
      const answer = await guest.post('/sign-in', { name, password: 'hunter2-hunter2' })
      expect(answer.status).toBe(401)
      expect(read(answer.text)).toContain('That user name and password do not match.')
      expect(answer.text).toContain(`value="${name}"`)
      expect(answer.text).not.toContain('hunter2')
    }
    expect(guest.cookies.size).toBe(0)
  })

  test('who is signed in already is not asked again', async () => {
    const ada = await (await startDemo()).member('ada')
    expect((await ada.get('/sign-in?next=/cart')).location).toBe('/cart')
  })

  test('without "remember me" the cookie ends with the browser, with it 30 minutes later', async () => {
    const demo = await startDemo()
    const fields = { name: 'ada', password: PASSWORDS.ada }
    const brief = await demo.guest().post('/sign-in', fields)
    const lasting = await demo.guest().post('/sign-in', { ...fields, remember: 'yes' })
    expect(brief.headers.getSetCookie()[0]).not.toMatch(/max-age|expires/i)
    expect(lasting.headers.getSetCookie()[0]).toMatch(/; Max-Age=1800(;|$)/)
    for (const { headers } of [brief, lasting]) {
      expect(headers.getSetCookie()[0]).toMatch(/; HttpOnly/)
      expect(headers.getSetCookie()[0]).toMatch(/; SameSite=Lax/)
    }
  })

  test.each(['', 'yes'])('each visit extends the 30 minutes (remember: "%s")', async (remember) => {
    const demo = await startDemo()
    const ada = demo.guest()
    await ada.post('/sign-in', { name: 'ada', password: PASSWORDS.ada, remember })
    demo.pass(29)
    expect((await ada.get('/profile')).status).toBe(200)
    demo.pass(29)
    expect((await ada.get('/profile')).status).toBe(200)
    demo.pass(31)
    expect((await ada.get('/profile')).location).toBe('/sign-in?next=%2Fprofile')
  })

  test('signing out forgets everything but the language', async () => {
    const ada = await (await startDemo()).member('ada')
    await ada.post('/language', { language: 'de' })
    await ada.post('/cart/add', { product: 'tea' })
    await ada.get('/')
    await ada.get('/')
    const answer = await ada.post('/sign-out')
    expect(answer.location).toBe('/')
    const home = (await ada.get('/')).text
    expect(home).toContain('<html lang="de">')
    expect(read(home)).toContain('Du bist abgemeldet. Bis bald!')
    expect(read(home)).toContain('Du bist zum ersten Mal auf dieser Seite.')
    expect(home).not.toContain('Ada')
    expect(read((await ada.get('/cart')).text)).toContain('Dein Korb ist leer.')
    expect((await ada.get('/todo')).status).toBe(303)
  })

  test('a page that needs an account leads to the sign-in form and back', async () => {
    const guest = (await startDemo()).guest()
    const first = await guest.get('/todo')
    expect(first.status).toBe(303)
    expect(first.location).toBe('/sign-in?next=%2Ftodo')
    const form = (await guest.get(String(first.location))).text
    expect(read(form)).toContain('Sign in to go on.')
    expect(form).toContain('name="next" value="/todo"')
    const fields = { name: 'grace', password: PASSWORDS.grace, next: '/todo' }
    expect((await guest.post('/sign-in', fields)).location).toBe('/todo')
  })
})

describe('the language', () => {
  test('is kept from page to page, and the form leads back to the page it was on', async () => {
    const guest = (await startDemo()).guest()
    expect((await guest.get('/shop')).text).toContain('<html lang="en">')
    const answer = await guest.post('/language', { language: 'fr', next: '/shop' })
    expect(answer.location).toBe('/shop')
    const shop = (await guest.get('/shop')).text
    expect(shop).toContain('<html lang="fr">')
    expect(read(shop)).toContain('Le site parle maintenant français.')
    expect(read(shop)).toContain('14,00 €')
  })

  test('stays as it is where the one asked for does not exist', async () => {
    const guest = (await startDemo()).guest()
    await guest.post('/language', { language: 'toString' })
    await guest.post('/language', {})
    expect(guest.cookies.size).toBe(0)
  })

  test('every sentence has the same gaps in each language', () => {
    const languages = Object.keys(LANGUAGES) as Language[]
    const gaps = languages.map((language) => {
      const found: string[] = []
      const values = new Proxy({}, { get: (_target, name) => `<${String(name)}>` })
      const say = speaker(language)
      for (const word of WORDS_WITH_GAPS) {
        found.push(`${word}: ${(say(word, values).match(/<\w+>/g) ?? []).sort().join(' ')}`)
      }
      return found
    })
    expect(gaps[1]).toEqual(gaps[0])
    expect(gaps[2]).toEqual(gaps[0])
    expect(gaps[0]).toContain('checkedOut: <total>')
  })
})

const WORDS_WITH_GAPS = [
  'welcomeBack',
  'viewsMany',
  'signedIn',
  'addNamed',
  'added',
  'oneMore',
  'oneLess',
  'removed',
  'checkedOut',
  'todoAbout',
  'markDone',
  'markOpen',
  'editNamed',
  'removeNamed',
  'todoAdded',
  'todoSaved',
  'todoRemoved',
  'todoInvalid',
] as const

describe('the cart', () => {
  test('is filled, changed and checked out once', async () => {
    const guest = (await startDemo()).guest()
    expect((await guest.post('/cart/add', { product: 'tea' })).location).toBe('/shop')
    const shop = (await guest.get('/shop')).text
    expect(read(shop)).toContain('Tin of tea is in your cart.')
    expect(shop).toMatch(/class="badge">\s*1\s*</)
    await guest.post('/cart/add', { product: 'tea' })
    await guest.post('/cart/add', { product: 'mug' })
    await guest.get('/shop')
    expect(read((await guest.get('/cart')).text)).toMatch(
      /Tin of tea − 2 \+ €23\.00 .* Total €37\.00/,
    )
    await guest.post('/cart/remove', { product: 'tea' })
    expect(read((await guest.get('/cart')).text)).toMatch(
      /Tin of tea was taken out\..*− 1 \+ €11\.50/,
    )
    await guest.post('/cart/remove', { product: 'mug' })
    expect(read((await guest.get('/cart')).text)).not.toContain('− 1 + €14.00')
    expect((await guest.post('/cart/check-out')).location).toBe('/shop')
    expect(read((await guest.get('/shop')).text)).toContain(
      'Thank you! Your order for €11.50 is on its way.',
    )
    expect((await guest.post('/cart/check-out')).location).toBe('/cart')
    expect(read((await guest.get('/cart')).text)).toBe(
      'Your cart is empty. Cart Your cart is empty. Browse the shop',
    )
  })

  test('filled by a visitor without an account is still theirs after signing in', async () => {
    const demo = await startDemo()
    const guest = demo.guest()
    await guest.post('/cart/add', { product: 'lantern' })
    await guest.post('/sign-in', { name: 'ada', password: PASSWORDS.ada })
    expect(read((await guest.get('/cart')).text)).toContain('Storm lantern')
    expect(read((await demo.guest().get('/cart')).text)).toContain('Your cart is empty.')
  })

  test.each(['gold', '', '__proto__', 'constructor'])(
    'takes nothing that is not sold: "%s"',
    async (product) => {
      const guest = (await startDemo()).guest()
      expect((await guest.post('/cart/add', { product })).status).toBe(404)
      expect((await guest.post('/cart/remove', { product })).status).toBe(404)
      expect(guest.cookies.size).toBe(0)
    },
  )

  test('holds at most twenty of a thing, and leaves out what is no longer sold', () => {
    const tea = productNamed('tea')!
    let cart = {}
    for (let times = 0; times < 25; times++) cart = withOneMore(cart, tea)
    expect(cart).toEqual({ tea: 20 })
    expect(linesOf({ sold: 3, tea: 2 }).map(({ count, cents }) => [count, cents])).toEqual([
      [2, 2300],
    ])
    expect(withOneLess({ tea: 1 }, tea)).toBe(REMOVE)
    expect(withOneLess({ tea: 1, mug: 1 }, tea)).toEqual({ mug: 1 })
  })
})

describe('what the site remembers without being asked', () => {
  test('counts how often the first page was opened, for each visitor', async () => {
    const demo = await startDemo()
    const guest = demo.guest()
    expect(read((await guest.get('/')).text)).toContain('This is your first visit to this page.')
    await guest.get('/shop')
    expect(read((await guest.get('/')).text)).toContain('You have opened this page 2 times.')
    expect(read((await demo.guest().get('/')).text)).toContain('This is your first visit')
  })

  test('a visitor who only looks around gets no cookie', async () => {
    const guest = (await startDemo()).guest()
    for (const path of ['/shop', '/cart', '/sign-in', '/style.css', '/icon.svg', '/nowhere']) {
      const { headers } = await guest.get(path)
      expect(headers.getSetCookie()).toEqual([])
    }
  })

  test('a message is shown on the next page, whichever that is, and only there', async () => {
    const guest = (await startDemo()).guest()
    await guest.post('/cart/add', { product: 'mug' })
    await guest.post('/cart/add', { product: 'tea' })
    const next = read((await guest.get('/nowhere')).text)
    expect(next).toContain('Enamel mug is in your cart. Tin of tea is in your cart.')
    expect(read((await guest.get('/nowhere')).text)).not.toContain('in your cart')
  })

  test('the profile shows what the session keeps', async () => {
    const ada = await (await startDemo()).member('ada')
    await ada.get('/')
    await ada.post('/cart/add', { product: 'tea' })
    await ada.post('/todo', { text: 'translate' })
    const profile = read((await ada.get('/profile')).text)
    expect(profile).toContain('&quot;views&quot;: 1')
    expect(profile).toContain('&quot;tea&quot;: 1')
    expect(profile).toContain('Visits to the start page 1 Open to-dos 1')
  })
})

describe('the to-do list', () => {
  test('is added to, edited, checked off and deleted from', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    expect(read((await ada.get('/todo')).text)).toContain('Nothing to do. Enjoy your stay.')
    expect((await ada.post('/todo', { text: '  write notes  ' })).location).toBe('/todo')
    await ada.post('/todo', { text: 'draw a table' })
    const page = (await ada.get('/todo')).text
    expect(read(page)).toContain('Added: write notes')
    const [first, second] = [...page.matchAll(/action="\/todo\/(\d+)\/done"/g)].map(([, id]) => id)

    expect((await ada.get(`/todo/${first}`)).text).toContain('value="write notes"')
    await ada.post(`/todo/${first}`, { text: 'write more notes' })
    expect(read((await ada.get('/todo')).text)).toMatch(
      /Saved: write more notes.*write more notes Edit/,
    )

    await ada.post(`/todo/${first}/done`, { done: 'yes' })
    expect(read((await ada.get('/todo')).text)).toMatch(
      /draw a table Edit Delete ✓ write more notes/,
    )
    await ada.post(`/todo/${first}/done`, { done: 'no' })
    expect((await ada.get('/todo')).text).not.toContain('✓')

    await ada.post(`/todo/${second}/delete`)
    await ada.get('/shop')
    expect(read((await ada.get('/todo')).text)).not.toContain('draw a table')
  })

  test('is still there at the next sign-in', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    await ada.post('/todo', { text: 'come back' })
    await ada.post('/sign-out')
    const again = await demo.member('ada')
    expect(read((await again.get('/todo')).text)).toContain('come back')
  })

  test('takes between 1 and 200 characters', async () => {
    const demo = await startDemo()
    const ada = await demo.member('ada')
    for (const text of ['', '   ', 'x'.repeat(201)]) {
      await ada.post('/todo', { text })
      expect(read((await ada.get('/todo')).text)).toContain(
        'Please write between 1 and 200 characters.',
      )
    }
    await ada.post('/todo', { text: 'x'.repeat(200) })
    const [{ id }] = demo.db.prepare('select id from todo').all() as [{ id: number }]
    expect((await ada.post(`/todo/${id}`, { text: ' ' })).location).toBe(`/todo/${id}`)
    expect(demo.db.prepare('select text from todo').all()).toEqual([{ text: 'x'.repeat(200) }])
  })
})
