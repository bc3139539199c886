/** Random visits of several visitors to a site that invites caches, and what each was given. */

import { randomBytes } from 'node:crypto'
import type { Session } from '../../src/index.ts'
import type { FakeClock } from '../../src/testing/time/clock.ts'
import { type Chance, chanceOf } from '../model/chance.ts'
import type { Page, Reply } from './adapters-and-backends.ts'
import type { Answer, Ask, AskInit } from './asking.ts'
import { type CacheReport, isStorable, sharedCache } from './shared-cache-simulator.ts'

type Work = (session: Session<any>, visitor: string) => unknown

/** Pages that only look, each in another way. */
const LOOKS: Readonly<Record<string, Work>> = {
  open: () => null,
  get: (session) => session.get('name') ?? null,
  has: (session) => session.has('name'),
  size: (session) => session.size,
  keys: (session) => [...session.keys()],
  iterate: (session) => Object.fromEntries(session),
  user: (session) => session.userId ?? null,
  isNew: (session) => session.isNew,
  permanent: (session) => session.permanent,
}

/** Pages that leave something behind. */
const WORKS: Readonly<Record<string, Work>> = {
  set: (session, visitor) => session.set('name', visitor).size,
  count: (session) => session.update('visits', (visits = 0) => visits + 1),
  login: (session, visitor) => session.login(visitor),
  logout: (session) => session.logout(),
  regenerate: (session) => session.regenerate(),
  flash: (session, visitor) => session.flash(`Hello ${visitor}`),
  flashes: (session) => session.flashes(),
  stay: (session) => (session.permanent = true),
  // More than a cookie holds: the answer is an error in place of the page.
  big: (session) => session.set('big', randomBytes(4_096).toString('base64')).size,
}

/** What the app tells caches; nothing here is careful. */
const CONTROLS = [
  'public, max-age=600',
  'public, max-age=600',
  'max-age=60, s-maxage=600',
  'PUBLIC , Max-Age = 600',
  'public, max-age=5, stale-if-error=600',
  'public, max-age=30, must-revalidate',
  'public, max-age=600, no-cache="set-cookie"',
  'private="x-anything", public, max-age=600',
  'no-cache',
  'to the cdn: max-age=600',
  'expires',
  '',
]
const VARIES = ['', '', 'Accept-Encoding', 'accept', 'Cookie', '*', 'X-Visitor']
const STATUSES = [200, 200, 200, 200, 301, 302, 404, 500]

/** The site: it says for whom and for which cookie each page was made. */
export const boldPage: Page = async (open, { method, path, query, header }) => {
  const visitor = header('x-visitor') ?? ''
  const work = LOOKS[path] ?? WORKS[path]
  const shown = work ? ((await work(await open(), visitor)) ?? null) : 'the same for everybody'
  const body = JSON.stringify(shown)
  const control = CONTROLS[Number(query.get('control'))] ?? ''
  const vary = VARIES[Number(query.get('vary'))] ?? ''
  const etag = `"${Buffer.from(body).toString('base64url')}"`
  const status = Number(query.get('status') ?? 200)
  const headers: [string, string][] = [
    ['x-for', visitor],
    ['x-cookie', header('cookie') ?? ''],
    ['x-depends', work ? 'on the session' : 'on nothing'],
    ['etag', etag],
  ]
  if (control === 'expires') headers.push(['expires', new Date(Date.now() + 6e5).toUTCString()])
  else if (control.startsWith('to the cdn: ')) {
    headers.push(['cdn-cache-control', control.slice(12)], ['cache-control', 'no-store'])
  } else if (control !== '') headers.push(['cache-control', control])
  if (vary !== '') headers.push(['vary', vary])
  if (status > 300 && status < 303) headers.push(['location', `/of/${encodeURIComponent(body)}`])
  const isKnown = method !== 'POST' && status === 200 && header('if-none-match') === etag
  const reply: Reply = { status: isKnown ? 304 : status, headers, body: isKnown ? '' : body }
  if (query.has('streamed') && !isKnown) return { ...reply, body: [body, ' ', 'and more'] }
  return reply
}

/** What random visits came to. */
export interface Visited extends CacheReport {
  /** Pages that depended on the session and were shown for another cookie, or to somebody else. */
  leaks: string[]
  /** Set-Cookie lines that reached somebody they were not made for. */
  strayCookies: string[]
  /** Set-Cookie lines that left without the headers that tell caches. */
  bareCookies: string[]
  /** Pages of one visitor that another one got, rightly. */
  shared: number
  /** Answers with our Set-Cookie; of those, such as came from pages that only looked, or did not. */
  setCookies: number
  refreshes: number
  statuses: Record<number, number>
  /** How often an error took the place of the app's answer, and the paths where it might be kept. */
  refused: number
  keptRefusals: string[]
}

const NOTHING_YET = { shared: 0, setCookies: 0, refreshes: 0, refused: 0 }

interface Visitor {
  readonly name: string
  cookie: string
}

/** Where the visits go. */
export interface Place {
  readonly origin: Ask
  readonly clock: FakeClock
  /** Makes the app fail, or work again. */
  readonly fail?: (isDown: boolean) => void
}

/** Lets visitors loose on a site behind a cache. */
export async function visits(place: Place, { seed = 1, times = 600 } = {}): Promise<Visited> {
  const chance = chanceOf(seed)
  const { ask, report } = sharedCache(origin, place.clock, 'session')
  const visitors = ['ann', 'bob', 'cleo', 'dan'].map((name): Visitor => ({ name, cookie: '' }))
  const paths = {
    looks: [...Object.keys(LOOKS).map((name) => somePath(chance, name)), '/static?control=0'],
    works: Object.keys(WORKS).flatMap((name) => [somePath(chance, name), somePath(chance, name)]),
  }
  const found: Visited = {
    ...report,
    ...NOTHING_YET,
    leaks: [],
    strayCookies: [],
    bareCookies: [],
    keptRefusals: [],
    statuses: {},
  }

  async function origin(path: string, init: AskInit = {}): Promise<Answer> {
    const answer = await place.origin(path, init)
    if (!answer.body.startsWith('Your session could not be saved')) return answer
    found.refused += 1
    if (isStorable(init, answer)) found.keptRefusals.push(path)
    return answer
  }

  for (let time = 0; time < times; time += 1) {
    place.clock.advance(chance.below(12_000))
    place.fail?.(chance.is(0.05))
    const visitor = chance.pick(visitors)
    if (chance.is(0.01)) visitor.cookie = ''
    const path = chance.pick(paths[chance.is(0.15) ? 'works' : 'looks'])
    const method = chance.pick(['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST'])
    const answer = await ask(path, { method, headers: headersOf(visitor, chance) })
    judge(found, visitor, path, answer)
    takeCookie(visitor, answer)
  }
  place.fail?.(false)
  return Object.assign(found, report)
}

function somePath(chance: Chance, name: string): string {
  const query = new URLSearchParams({
    control: String(chance.below(CONTROLS.length)),
    vary: String(chance.below(VARIES.length)),
    status: String(chance.pick(STATUSES)),
  })
  if (chance.is(0.2)) query.set('streamed', '')
  return `/${name}?${query}`
}

function headersOf({ name, cookie }: Visitor, chance: Chance): Record<string, string> {
  return {
    'x-visitor': name,
    ...(cookie === '' ? {} : { cookie }),
    ...(chance.is(0.05) ? { 'cache-control': 'no-cache' } : {}),
    ...(chance.is(0.03) ? { authorization: 'Basic YTpi' } : {}),
    ...(chance.is(0.05) ? { 'if-none-match': '"bnVsbA"' } : {}),
  }
}

function judge(found: Visited, visitor: Visitor, path: string, answer: Answer): void {
  const { headers, status } = answer
  found.statuses[status] = (found.statuses[status] ?? 0) + 1
  const madeFor = headers.get('x-for')
  const [line] = ours(answer)
  if (line !== undefined) {
    found.setCookies += 1
    const isTold = /\bcookie\b/i.test(headers.get('vary') ?? '')
    const isPrivate = /^(private|no-store)\b/.test(headers.get('cache-control') ?? '')
    if (!isTold || !isPrivate) found.bareCookies.push(`${path}: ${line}`)
    if (LOOKS[path.slice(1).split('?')[0]!]) found.refreshes += 1
  }
  // An error that took the page's place says nothing of the kind; it may not be kept at all.
  if (madeFor === null) return
  if (line !== undefined && madeFor !== visitor.name) found.strayCookies.push(`${path}: ${line}`)
  const madeWith = headers.get('x-cookie')
  const isOfAnother = madeFor !== visitor.name
  if (headers.get('x-depends') === 'on nothing') found.shared += isOfAnother ? 1 : 0
  else if (madeWith !== visitor.cookie || (isOfAnother && madeWith !== '')) {
    found.leaks.push(`${path}: made for ${madeFor}, shown to ${visitor.name}`)
  }
}

function takeCookie(visitor: Visitor, answer: Answer): void {
  const [line] = ours(answer)
  if (line === undefined) return
  visitor.cookie = /; Max-Age=0(;|$)/.test(line) || /1970/.test(line) ? '' : line.split(';')[0]!
}

/** The lines that set our cookie. */
export function ours({ headers }: Pick<Answer, 'headers'>): string[] {
  return headers.getSetCookie().filter((line) => line.startsWith('session='))
}
