/** A shared cache as RFC 9111 allows it at its boldest: it keeps and reuses whatever it may. */

import type { Clock } from '../../src/base/ports.ts'
import type { Answer, Ask, AskInit } from './asking.ts'

/** What the cache has done, counted. */
export interface CacheReport {
  /** Answers that came from the cache without a word to the app. */
  hits: number
  /** Answers that the app confirmed with a 304. */
  revalidated: number
  /** Old answers given because the app failed. */
  stale: number
  stored: number
  /** The statuses of what was kept. */
  readonly storedStatuses: Set<number>
  /** Answers that were kept with a Set-Cookie of this name in them. */
  readonly storedCookies: string[]
}

interface Kept {
  readonly method: string
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** The request's fields that Vary names, with their values. */
  readonly selecting: readonly (readonly [field: string, value: string])[]
  readonly isStar: boolean
  /** When it was made or last confirmed. */
  readonly since: number
}

type Directives = ReadonlyMap<string, string>

/** RFC 9110 section 15.1: what may be kept although nobody said for how long. */
const HEURISTIC = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]
/** For so long, then; no `Last-Modified` is needed (RFC 9111 section 4.2.2). */
const HEURISTIC_SECONDS = 120

/** Puts a cache in front of an app. A Set-Cookie alone does not stop it (RFC 9111 section 7.3). */
export function sharedCache(origin: Ask, clock: Clock, cookieName: string) {
  const shelves = new Map<string, Kept[]>()
  const report: CacheReport = {
    hits: 0,
    revalidated: 0,
    stale: 0,
    stored: 0,
    storedStatuses: new Set(),
    storedCookies: [],
  }

  const ask: Ask = async (path, init = {}) => {
    const { method = 'GET' } = init
    if (method !== 'GET' && method !== 'HEAD') return throughUnsafe(path, init)
    const request = directivesOf(init.headers?.['cache-control'])
    const kept = find(path, method, init)
    if (!kept) return forward(path, init)
    // `no-cache="field"` is only about that field (section 5.2.2.4).
    const mustAsk = [request, directives(kept)].some((said) => said.get('no-cache') === '')
    if (!mustAsk && clock() - kept.since <= lifetimeOf(kept) * 1000) {
      report.hits += 1
      return served(kept, method, init)
    }
    return validate(path, init, kept)
  }

  /** The newest answer that Vary lets stand for this request (RFC 9111 section 4.1). */
  function find(path: string, method: string, init: AskInit): Kept | undefined {
    const fits = (kept: Kept) =>
      !kept.isStar &&
      (kept.method === 'GET' || kept.method === method) &&
      kept.selecting.every(([field, value]) => fieldOf(init, field) === value)
    return shelves
      .get(path)
      ?.filter(fits)
      .sort((a, b) => b.since - a.since)[0]
  }

  async function forward(path: string, init: AskInit): Promise<Answer> {
    const answer = await origin(path, init)
    store(path, init, answer)
    return answer
  }

  /** Asks whether an old answer still holds (RFC 9111 section 4.3). */
  async function validate(path: string, init: AskInit, kept: Kept): Promise<Answer> {
    const etag = kept.headers.get('etag')
    const condition = etag === null ? {} : { 'if-none-match': etag }
    const answer = await origin(path, { ...init, headers: { ...init.headers, ...condition } })
    if (answer.status >= 500 && mayBeStale(kept)) {
      report.stale += 1
      return served(kept, init.method, init)
    }
    if (answer.status !== 304 || etag === null) {
      store(path, init, answer)
      return answer
    }
    report.revalidated += 1
    drop(path, kept)
    // Section 3.2: each field of the 304 takes the place of the one that was kept.
    const headers = new Headers(kept.headers)
    for (const [name] of answer.headers) headers.delete(name)
    for (const [name, value] of answer.headers) headers.append(name, value)
    const updated = { status: kept.status, headers, body: kept.body }
    store(path, { ...init, method: kept.method }, updated)
    return served({ ...kept, ...updated }, init.method, init)
  }

  function store(path: string, init: AskInit, answer: Answer): void {
    if (!isStorable(init, answer)) return
    const { method = 'GET' } = init
    const vary = (answer.headers.get('vary') ?? '').split(',').map((f) => f.trim().toLowerCase())
    const fields = vary.filter((field) => field !== '')
    const headers = withoutNamed(answer)
    const kept: Kept = {
      ...answer,
      headers,
      method,
      selecting: fields.map((field) => [field, fieldOf(init, field)]),
      isStar: fields.includes('*'),
      since: clock(),
    }
    const others = (shelves.get(path) ?? []).filter(
      (other) => JSON.stringify(slot(other)) !== JSON.stringify(slot(kept)),
    )
    shelves.set(path, [...others, kept])
    report.stored += 1
    report.storedStatuses.add(kept.status)
    const lines = headers.getSetCookie().filter((line) => line.startsWith(`${cookieName}=`))
    report.storedCookies.push(...lines)
  }

  function drop(path: string, kept: Kept): void {
    shelves.set(path, shelves.get(path)?.filter((other) => other !== kept) ?? [])
  }

  /** What changes a page makes the kept ones old (RFC 9111 section 4.4). */
  async function throughUnsafe(path: string, init: AskInit): Promise<Answer> {
    const answer = await origin(path, init)
    if (answer.status < 400) shelves.delete(path)
    return answer
  }

  return { ask, report }
}

const slot = ({ method, selecting }: Kept) => [method, selecting]

/** Whether a shared cache may keep an answer (RFC 9111 section 3). */
export function isStorable({ method = 'GET', headers = {} }: AskInit, answer: Answer): boolean {
  const said = directives(answer)
  if (method !== 'GET' && method !== 'HEAD') return false
  // A 304 is about another answer, and a part is not the whole.
  if (answer.status < 200 || answer.status === 304 || answer.status === 206) return false
  if (said.has('no-store') || directivesOf(headers['cache-control']).has('no-store')) return false
  // `private="field"` is only about that field (section 5.2.2.7).
  if (said.get('private') === '') return false
  const isShared = ['public', 's-maxage', 'must-revalidate'].some((name) => said.has(name))
  if (headers['authorization'] !== undefined && !isShared) return false
  return (
    ['public', 'max-age', 's-maxage'].some((name) => said.has(name)) ||
    answer.headers.has('expires') ||
    HEURISTIC.includes(answer.status)
  )
}

/** For how many seconds an answer may be given again (RFC 9111 section 4.2.1). */
export function lifetimeOf(answer: Pick<Answer, 'headers'>): number {
  const said = directives(answer)
  const told = said.get('s-maxage') ?? said.get('max-age')
  if (told !== undefined) return Number(told) || 0
  const expires = answer.headers.get('expires')
  if (expires === null) return HEURISTIC_SECONDS
  const date = Date.parse(answer.headers.get('date') ?? '') || Date.now()
  return Math.max(0, (Date.parse(expires) - date) / 1000) || 0
}

/** Whether an old answer may be given when the app fails (RFC 9111 section 4.2.4). */
function mayBeStale(kept: Kept): boolean {
  const said = directives(kept)
  const strict = ['must-revalidate', 'proxy-revalidate', 's-maxage']
  return said.get('no-cache') !== '' && !strict.some((name) => said.has(name))
}

/** Without the fields that `no-cache="..."` and `private="..."` name. */
function withoutNamed(answer: Answer): Headers {
  const headers = new Headers(answer.headers)
  for (const name of ['no-cache', 'private']) {
    const named = directives(answer).get(name) ?? ''
    for (const field of named.split(',').map((field) => field.trim())) {
      if (field !== '') headers.delete(field)
    }
  }
  return headers
}

function served(kept: Kept, method: string | undefined, { headers = {} }: AskInit): Answer {
  const etag = kept.headers.get('etag')
  const isKnown = etag !== null && headers['if-none-match'] === etag
  const body = method === 'HEAD' || isKnown ? '' : kept.body
  return { status: isKnown ? 304 : kept.status, headers: new Headers(kept.headers), body }
}

/** What is said to this cache in particular comes first, and alone (RFC 9213 section 2.2). */
function directives({ headers }: Pick<Answer, 'headers'>): Directives {
  return directivesOf(headers.get('cdn-cache-control') ?? headers.get('cache-control'))
}

/** RFC 9111 section 5.2: `name`, `name=token` or `name="quoted, text"`, in any case. */
function directivesOf(text: string | null | undefined): Directives {
  const found = (text ?? '').matchAll(/([\w-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,]*)))?/g)
  const parsed = new Map<string, string>()
  for (const [, name = '', quoted, token] of found) {
    // Of a directive that stands there twice the first counts (section 4.2.1).
    if (!parsed.has(name.toLowerCase())) parsed.set(name.toLowerCase(), quoted ?? token ?? '')
  }
  return parsed
}

function fieldOf({ headers = {} }: AskInit, field: string): string {
  return (headers[field] ?? '').replaceAll(/\s+/g, ' ').trim()
}
