/** Drives an example app over HTTP: the same pages in every framework, without a browser. */

import assert from 'node:assert/strict'
import { type Answer, type Visitor, visitor } from '../visitor.ts'
import { type Form, type PageText, readPage } from './page.ts'

/** What an app of some framework does differently. Each needs its reason in the guide page. */
export interface Differences {
  /** Rendering `/` does not count a visit, since pages of this framework cannot write. */
  readonly countsElsewhere?: true
  /** The status of a post from another site, where the framework refuses it. @default 403 */
  readonly crossSiteStatus?: number
  /** The status of a post's redirect. @default 303 */
  readonly redirectStatus?: number
}

/** Goes through all pages. Throws an error that names the page and what is wrong with it. */
export async function drive(base: string, differences: Differences = {}): Promise<void> {
  const ada = guest(base, differences)
  const grace = guest(base, differences)

  await ada.see('/', (page) => {
    if (!differences.countsElsewhere) assert.equal(page.byId('visits'), 'Visits: 1')
    assert.equal(page.byId('who'), 'Not signed in')
    assert.deepEqual(page.flashes(), [])
    for (const path of ['/cart', '/account', '/login'])
      assert.ok(page.links().includes(path), `has no link to ${path}`)
  })
  if (!differences.countsElsewhere) {
    await ada.see('/', (page) => assert.equal(page.byId('visits'), 'Visits: 2'))
    await grace.see('/', (page) => assert.equal(page.byId('visits'), 'Visits: 1'))
    await ada.prefetch('/')
    await ada.see('/', (page) => assert.equal(page.byId('visits'), 'Visits: 3'))
  }

  await ada.isRedirected('/account', '/login?next=%2Faccount')
  await ada.see('/login?next=%2Faccount', (page) =>
    assert.equal(page.form('/login')?.fields['next'], '/account', 'the hidden field "next"'),
  )
  await ada.isRefused('/login?next=%2Faccount', '/login', { name: 'eve' })
  await ada.isRedirected('/account', '/login?next=%2Faccount')
  await ada.submit('/login?next=%2Faccount', '/login', { name: 'ada' }, '/account')
  await ada.see('/account', (page, { headers }) => {
    assert.equal(page.heading(), 'Account of ada')
    assert.match(headers.get('cache-control') ?? '', /\b(private|no-store)\b/, 'Cache-Control')
  })
  await ada.prefetch('/')
  await ada.see('/', (page) => {
    assert.deepEqual(page.flashes(), ['Welcome, ada'])
    assert.equal(page.byId('who'), 'Signed in as ada')
  })
  await ada.see('/', (page) => assert.deepEqual(page.flashes(), [], 'a message is shown once'))
  await grace.see('/', (page) => assert.equal(page.byId('who'), 'Not signed in'))
  await grace.isRedirected('/account', '/login?next=%2Faccount')
  await grace.submit('/login?next=%2F%2Fevil.example', '/login', { name: 'grace' }, '/')

  const bread = 'bread & <b>butter</b>'
  await ada.see('/cart', (page) => assert.deepEqual(page.items(), []))
  await ada.isRefused('/cart', '/cart', { item: 'poison' })
  await ada.submit('/cart', '/cart', { item: 'tea' }, '/cart')
  await ada.see('/cart', (page) => {
    assert.deepEqual(page.items(), ['tea'])
    assert.deepEqual(page.flashes(), ['Added tea'])
  })
  await ada.submit('/cart', '/cart', { item: bread }, '/cart')
  await ada.prefetch('/cart')
  await ada.see('/cart', (page) => {
    assert.deepEqual(page.items(), ['tea', bread])
    assert.deepEqual(page.flashes(), [`Added ${bread}`])
  })
  await ada.see('/cart', (page) => assert.deepEqual(page.flashes(), []))
  await grace.see('/cart', (page) => assert.deepEqual(page.items(), []))

  const missing = await ada.visitor.get('/no-such-page')
  assert.equal(missing.status, 404, `GET /no-such-page: status ${missing.status}`)
  await ada.isRefused('/', '/logout', {})
  await ada.see('/', (page) => assert.equal(page.byId('who'), 'Signed in as ada'))
  await ada.submit('/', '/logout', {}, '/')
  await ada.see('/', (page) => {
    assert.deepEqual(page.flashes(), ['Signed out'])
    assert.equal(page.byId('who'), 'Not signed in')
    assert.equal(page.form('/logout'), undefined, 'a form to sign out')
  })
  await ada.isRedirected('/account', '/login?next=%2Faccount')
  await grace.see('/', (page) => assert.equal(page.byId('who'), 'Signed in as grace'))
}

/** Somebody who visits the app. */
interface Guest {
  readonly visitor: Visitor
  /** Asks for a page, which has to be served, and checks it. */
  see(path: string, check: (page: PageText, answer: Answer) => void): Promise<void>
  /** Asks for a page as a browser that fetches it in advance: nothing may come of it. */
  prefetch(path: string): Promise<void>
  isRedirected(path: string, target: string): Promise<void>
  /** Fills in the form of a page and sends it, which has to redirect to `target`. */
  submit(
    path: string,
    action: string,
    fields: Record<string, string>,
    target: string,
  ): Promise<void>
  /** Sends the form of a page from another site, which has to be refused. */
  isRefused(path: string, action: string, fields: Record<string, string>): Promise<void>
}

function guest(base: string, differences: Differences): Guest {
  const { crossSiteStatus = 403, redirectStatus = 303 } = differences
  const browser = visitor(base)
  const targetOf = ({ location }: Answer) => {
    if (location === null) return undefined
    const url = new URL(location, base)
    return url.origin === new URL(base).origin ? url.pathname + url.search : location
  }
  const formOf = async (path: string, action: string): Promise<Form> => {
    const answer = await browser.get(path)
    return during(`GET ${path}`, answer, () => {
      const form = readPage(answer.text, base + path).form(action)
      return form ?? assert.fail(`has no form that is sent to ${action}`)
    })
  }
  return {
    visitor: browser,
    async see(path, check) {
      const answer = await browser.get(path)
      during(`GET ${path}`, answer, () => {
        assert.equal(answer.status, 200, `status ${answer.status}`)
        check(readPage(answer.text, base + path), answer)
      })
    },
    async prefetch(path) {
      const headers = { 'sec-purpose': 'prefetch', purpose: 'prefetch' }
      const answer = await browser.send(path, { headers })
      during(`prefetch of ${path}`, answer, () => {
        assert.deepEqual(answer.headers.getSetCookie(), [], 'a prefetch sets no cookie')
      })
    },
    async isRedirected(path, target) {
      const answer = await browser.get(path)
      during(`GET ${path}`, answer, () => {
        assert.ok([302, 303, 307].includes(answer.status), `status ${answer.status}`)
        assert.equal(targetOf(answer), target, 'Location')
      })
    },
    async submit(path, action, fields, target) {
      const form = await formOf(path, action)
      const answer = await browser.send(form.action, request(form, fields, { origin: base }))
      during(`POST ${action} ${JSON.stringify(fields)}`, answer, () => {
        assert.equal(answer.status, redirectStatus, `status ${answer.status}`)
        assert.equal(targetOf(answer), target, 'Location')
      })
    },
    async isRefused(path, action, fields) {
      const form = await formOf(path, action)
      const { _csrf, ...others } = form.fields
      const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
      const sent = request({ ...form, fields: others }, fields, headers)
      const answer = await browser.send(form.action, sent)
      during(`POST ${action} from another site`, answer, () =>
        assert.equal(answer.status, crossSiteStatus, `status ${answer.status}`),
      )
    },
  }
}

function request(form: Form, fields: Record<string, string>, headers: Record<string, string>) {
  const all = Object.entries({ ...form.fields, ...fields })
  const isMultipart = form.enctype.toLowerCase() === 'multipart/form-data'
  const body = isMultipart ? new FormData() : new URLSearchParams()
  for (const [name, value] of all) body.append(name, value)
  return { method: 'POST', headers, body }
}

/** Runs a check; if it fails, says for which page, and what came back. */
function during<Result>(step: string, { status, headers, text }: Answer, check: () => Result) {
  try {
    return check()
  } catch (error) {
    const kind = headers.get('content-type') ?? 'no content type'
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `${step}: ${reason}\n\nIt came with status ${status}, ${kind}:\n${text.slice(0, 2000)}`,
      { cause: error },
    )
  }
}
