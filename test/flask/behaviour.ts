/**
 * Replays Flask's recorded behaviour: one small interpreter of its operations over our session API.
 *
 * Python-only operations map to the nearest of ours; `docs/flask.md` has the table. A deviation is
 * recognised by what a step does, never by its name, and then has an expectation of its own.
 */

import assert from 'node:assert/strict'
import { inflateSync as inflate } from 'node:zlib'
import { flask, type FlaskConfig, flaskCookie } from '../../src/flask/flask.ts'
import { createSessions, type Session, SessionError, type Sessions } from '../../src/index.ts'
import { isSignedAhead, refusedCookie } from './deviations.ts'
import type { Op, Scenario, Step } from './fixtures.ts'
import { fromMarked, toMarked } from './typed.ts'

/** What a route has made: an adapter turns it into a response. */
export interface Answer {
  status: number
  headers: [string, string][]
  text: string
  /** Runs while the body is streamed, after the headers; answers the body. */
  stream: (() => Promise<string>) | undefined
}

/** What came back over an adapter. */
export interface Reply {
  status: number
  body: string
  location: string | null
  vary: string
  setCookie: string[]
}

/** Serves one request through an adapter. */
export type Serve = (
  sessions: Sessions,
  step: Step,
  handle: (carrier: object) => Promise<Answer>,
) => Promise<Reply>

/** What the interpreter saw a request do, to judge the deviations by. */
interface Seen {
  writes: number
  drifted: boolean
  streamErrors: string[]
  final: Record<string, unknown> | undefined
}

const DEFAULTS = { SECRET_KEY: null }
const OURS =
  /^(SECRET_KEY|SECRET_KEY_FALLBACKS|SESSION_|APPLICATION_ROOT|PERMANENT_|MAX_COOKIE_SIZE)/

export async function checkScenario(scenario: Scenario, serve: Serve): Promise<void> {
  let config: Record<string, unknown> = {
    ...DEFAULTS,
    ...scenario.config,
    SECRET_KEY: scenario.secret_key,
  }
  for (const [index, step] of scenario.steps.entries()) {
    config = { ...config, ...step.set_config }
    if (!('path' in step)) continue // It only changes the configuration.
    try {
      await checkStep(scenario, step, config, serve)
    } catch (error) {
      if (error instanceof Error) error.message = `step ${index} ${step.path}: ${error.message}`
      throw error
    }
  }
}

/** A configuration that fails at start-up here; Flask goes on, with errors in some requests. */
function startUpError(config: Record<string, unknown>): string | undefined {
  if (!config['SECRET_KEY']) return 'ERR_SECRET_MISSING'
  const sameSite = config['SESSION_COOKIE_SAMESITE']
  if (typeof sameSite === 'string' && !/^(strict|lax|none)$/i.test(sameSite))
    return 'ERR_OPTION_INVALID'
  return undefined
}

async function checkStep(
  scenario: Scenario,
  step: Step,
  config: Record<string, unknown>,
  serve: Serve,
): Promise<void> {
  // Flask takes no other configuration into account either: SERVER_NAME, for one, since 2.3.
  const known = Object.fromEntries(Object.entries(config).filter(([name]) => OURS.test(name)))
  const make = () =>
    createSessions({ ...flask(known as unknown as FlaskConfig), clock: () => step.at * 1000 })
  const refusal = startUpError(config)
  if (refusal) {
    assert.throws(make, { code: refusal })
    return
  }
  const sessions = make() as Sessions
  const seen: Seen = { writes: 0, drifted: false, streamErrors: [], final: undefined }
  const reply = await serve(sessions, step, (carrier) =>
    handle(scenario, step, sessions, carrier, seen),
  )
  compare(scenario, step, config, reply, seen)
}

/** The methods of the recorded app's views. */
const METHODS = ['GET', 'HEAD', 'POST']

function viewOf({ routes }: Scenario, { path, method }: Step): Op[] {
  const route = path.split('?')[0]!
  if (route === '/static/hello.txt') return [['text', 'static hello\n']]
  const view = routes[route]
  if (view === undefined) return method === 'OPTIONS' ? [] : [['abort', 404]]
  if (method === 'OPTIONS') return []
  return METHODS.includes(method) ? view : [['abort', 405]]
}

async function handle(
  scenario: Scenario,
  step: Step,
  sessions: Sessions,
  carrier: object,
  seen: Seen,
): Promise<Answer> {
  const answer: Answer = { status: 200, headers: [], text: '', stream: undefined }
  const out: unknown[] = []
  const running = { sessions, carrier, answer, seen }
  const runHook = (name: string) => run(scenario.hooks?.[name] ?? [], { ...running, out: [] })
  try {
    await runHook('before_request')
    await runHook('before_request_return')
    // Flask: what such a hook returns is the response, and no view runs.
    if (scenario.hooks?.['before_request_return']) answer.text = 'early'
    else await run(viewOf(scenario, step), { ...running, out })
  } catch (error) {
    answer.status = error instanceof Aborted ? error.status : 500
    answer.stream = undefined
    await run(scenario.errorhandlers?.[answer.status] ?? [], { ...running, out: [] })
  }
  await runHook('after_request')
  // Flask answers OPTIONS by itself, with nothing in the body.
  answer.text ||= step.method === 'OPTIONS' ? '' : JSON.stringify({ out })
  return answer
}

class Aborted extends Error {
  readonly status: number
  constructor(status: number) {
    super('aborted')
    this.status = status
  }
}

interface Running {
  sessions: Sessions
  carrier: object
  answer: Answer
  out: unknown[]
  seen: Seen
}

const WRITES = new Set(
  'set update ior setdefault popitem clear inc reassign permanent flash'.split(' '),
)

async function run(ops: readonly Op[], running: Running): Promise<void> {
  const { sessions, carrier, out, seen } = running
  for (const op of ops) {
    if (runOutside(op, running)) continue
    const session = await sessions.get(carrier)
    const before = session.size
    const [verb, ...args] = op
    await runInside(session, verb, args.map(fromMarked), (value) => out.push(toMarked(value)), seen)
    if (
      WRITES.has(verb) ? isEffective(verb, args, before, session.size) : before !== session.size
    ) {
      seen.writes++
    }
    if (verb === 'flashed' && before !== session.size) seen.writes++
    seen.final = Object.fromEntries(session)
  }
}

/** Whether an operation that writes has written something. */
function isEffective(verb: string, [first]: unknown[], before: number, after: number): boolean {
  if (verb === 'update' || verb === 'ior') return Object.keys(first as object).length > 0
  return verb === 'setdefault' ? before !== after : true
}

/** Operations that do not touch the session. */
function runOutside([verb, ...args]: Op, running: Running): boolean {
  const { answer, out } = running
  switch (verb) {
    case 'text':
      answer.text = args[0] as string
      return true
    case 'vary':
    case 'header':
      answer.headers.push(verb === 'vary' ? ['Vary', args[0]] : [args[0], args[1]])
      return true
    case 'set_cookie':
      answer.headers.push(['Set-Cookie', `${args[0]}=${args[1]}; Path=/`])
      return true
    case 'status':
      answer.status = args[0] as number
      return true
    case 'redirect':
      answer.status = 302
      answer.headers.push(['Location', args[0]])
      return true
    case 'abort':
      throw new Aborted(args[0] as number)
    case 'raise':
      throw new Error(args[0] as string)
    case 'read_modified':
      out.push(running.seen.writes > 0)
      return true
    case 'stream':
      answer.stream = async () => {
        try {
          await run(args[0] as Op[], running)
        } catch (error) {
          if (!(error instanceof SessionError)) throw error
          running.seen.streamErrors.push(error.code)
        }
        return JSON.stringify({ out })
      }
      return true
    default:
      return false
  }
}

/** Python's KeyError, where our own API answers `false` or `undefined`. */
function required(session: Session, key: string): void {
  if (!session.has(key)) throw new Error(`KeyError: ${key}`)
}

async function runInside(
  session: Session,
  verb: string,
  args: any[],
  answer: (value: unknown) => void,
  seen: Seen,
): Promise<void> {
  const [key, value] = args as [string, unknown]
  switch (verb) {
    case 'touch':
    case 'modified': // No counterpart: only a write is a write.
      return
    case 'get':
      return answer(session.get(key, null))
    case 'getitem':
      required(session, key)
      return answer(session.get(key))
    case 'contains':
      return answer(session.has(key))
    case 'len':
      return answer(session.size)
    case 'bool':
      return answer(session.size > 0)
    case 'items':
      return answer(Object.fromEntries(session))
    case 'keys':
      return answer([...session.keys()].sort())
    case 'get_permanent':
      return answer(session.permanent)
    case 'set':
      session.set(key, value)
      return
    case 'setdefault':
      return answer(session.getOrInsert(key, value))
    case 'update':
    case 'ior':
      for (const [name, member] of Object.entries(args[0] as object)) session.set(name, member)
      return
    case 'pop':
      return answer(session.pop(key, null))
    case 'pop_strict':
      required(session, key)
      return answer(session.pop(key))
    case 'del':
      required(session, key)
      session.delete(key)
      return
    case 'popitem': {
      const last = [...session.keys()].at(-1)
      if (last === undefined) throw new Error('KeyError: popitem(): dictionary is empty')
      return answer([last, session.pop(last)])
    }
    case 'clear':
      return session.clear()
    case 'inc':
      return answer(session.update(key, (n = 0) => (n as number) + 1))
    case 'append':
      ;(session.get(key) as unknown[]).push(value)
      seen.drifted = true
      return answer(session.get(key))
    case 'reassign':
      session.set(key, session.get(key))
      return
    case 'setpath': {
      const path = args[0] as string[]
      const parent = path
        .slice(1, -1)
        .reduce((object: any, name) => object[name], session.get(path[0]!))
      parent[path.at(-1)!] = value
      seen.drifted = true
      return
    }
    case 'permanent':
      session.permanent = Boolean(args[0])
      return
    case 'flash':
      return session.flash(args[0], ...(args.slice(1) as [string?]))
    case 'flashed': {
      const [withCategories, filter] = args as [boolean, string[]]
      const flashes = session.flashes(filter.length > 0 ? { categories: filter } : {})
      return answer(
        flashes.map(({ category, message }) =>
          withCategories ? fromMarked({ $t: 'tuple', v: [category, toMarked(message)] }) : message,
        ),
      )
    }
    default:
      throw new Error(`no such operation: ${verb}`)
  }
}

function compare(
  scenario: Scenario,
  step: Step,
  config: Record<string, unknown>,
  reply: Reply,
  seen: Seen,
): void {
  const { expect } = step
  const hooks = Object.values(scenario.hooks ?? {}).flat()
  const ops = [...hooks, ...viewOf(scenario, step)].flatMap((op) =>
    op[0] === 'stream' ? [op, ...(op[1] as Op[])] : [op],
  )
  const name = (config['SESSION_COOKIE_NAME'] as string | undefined) ?? 'session'
  const expectedCookies = expect.set_cookie.map(({ raw }) => raw)

  // A cookie longer than MAX_COOKIE_SIZE: Flask warns and sends it, here it is refused.
  const limit = (config['MAX_COOKIE_SIZE'] as number | undefined) ?? 4093
  if (
    limit > 0 &&
    expectedCookies.some((raw) => raw.startsWith(`${name}=`) && raw.length > limit)
  ) {
    assert.equal(reply.status, 500)
    assert.deepEqual(reply.setCookie, [])
    return
  }
  // A cookie that Flask opens and we do not, or that makes Flask fail: an anonymous session here.
  const sent = sentCookie(step.request_cookie, name)
  const undecodable =
    expect.status === 500 && reply.status !== 500 && !ops.some(([verb]) => verb === 'raise')
  if (sent !== undefined && (refusedCookie(sent) || undecodable)) {
    assert.notEqual(reply.status, 500)
    return
  }
  assert.equal(reply.status, expect.status)
  if (sent !== undefined && isSignedAhead(sent, step.at)) {
    // Anonymous to Flask, whose clocks may not differ at all.
    assert.notDeepEqual(JSON.parse(reply.body), JSON.parse(expect.body!))
    return
  }
  if (expect.location !== null) assert.equal(reply.location, expect.location)
  assert.deepEqual(tokens(reply.vary), expect.vary.flatMap(tokens))
  if (expect.body !== null && expect.status < 300) {
    const body = expect.body.startsWith('{') ? JSON.parse(expect.body) : expect.body
    assert.deepEqual(expect.body.startsWith('{') ? JSON.parse(reply.body) : reply.body, body)
  }
  if (ops.some(([verb]) => verb === 'stream') && streamWrites(ops)) {
    // Flask loses what is written while streaming; here the write throws where it stands.
    assert.deepEqual(seen.streamErrors, ['ERR_SESSION_COMMITTED'], 'the write throws')
  }
  const unlikeFlask = ops.some(
    ([verb, first]) =>
      verb === 'modified' ||
      ((verb === 'update' || verb === 'ior') && Object.keys(first as object).length === 0),
  )
  if (unlikeFlask || seen.drifted) {
    // Only a write is a write, and a nested change is one: judged by what the request did.
    assert.equal(
      reply.setCookie.length,
      seen.writes > 0 || seen.drifted ? 1 : expectedRenewal(seen),
    )
    const [line] = reply.setCookie
    if (line && seen.final && Object.keys(seen.final).length > 0) {
      const opened = flaskCookie({ secret: config['SECRET_KEY'] as string }).open(
        /=([^;]*)/.exec(line)![1]!,
        { now: step.at },
      )
      assert.ok(opened.ok)
      assert.deepEqual(toMarked(opened.data), toMarked(seen.final))
    }
    return
  }
  // A whole float that this request set is an integer here. One that it only read keeps its bytes.
  const [payload] = expect.set_cookie.map(({ payload_json }) => payload_json ?? '')
  const setsFloat =
    payload !== undefined &&
    payload !== withoutWholeFloats(payload) &&
    !payloadOf(step.request_cookie ?? '').includes('.0')
  if (setsFloat) {
    assert.deepEqual(reply.setCookie.map(payloadOf), [withoutWholeFloats(payload)])
    return
  }
  // The app's own cookie of the session's name is replaced: one Set-Cookie for one name.
  const ours = expectedCookies.filter((raw) => raw.startsWith(`${name}=`))
  const wanted = expectedCookies.filter((raw) => !raw.startsWith(`${name}=`) || raw === ours.at(-1))
  assert.deepEqual(reply.setCookie.map(readable), wanted.map(readable))
}

/** The payload that JavaScript writes: it has no `1.0` apart from `1`. */
function withoutWholeFloats(json: string): string {
  return json.replace(/(?<=[:,[]-?\d+)\.0(?=[,}\]])/g, '')
}

function expectedRenewal({ final }: Seen): number {
  return final?.['_permanent'] ? 1 : 0
}

function streamWrites(ops: Op[]): boolean {
  const at = ops.findIndex(([verb]) => verb === 'stream')
  return ops.slice(at + 1).some(([verb]) => WRITES.has(verb))
}

function sentCookie(header: string | null, name: string): string | undefined {
  const pair = header?.split(/;\s*/).find((part) => part.startsWith(`${name}=`))
  return pair?.slice(name.length + 1).replace(/^"(.*)"$/, '$1')
}

function tokens(vary: string): string[] {
  return vary
    .split(',')
    .map((token) => token.trim())
    .filter(Boolean)
}

/** The payload of a cookie that is not deflated. */
function payloadOf(line: string): string {
  return Buffer.from(/=([\w-]*)\./.exec(line)?.[1] ?? '', 'base64url').toString()
}

/** A line with a deflated payload inflated, and its signature left out: zlibs differ. */
function readable(line: string): string {
  const match = /^([^=]+)=(\.[^.]+)\.([^.]+)\.[^;]*(.*)$/.exec(line)
  if (!match) return line
  const [, name, body, timestamp, rest] = match
  const opened = flaskCookieText(body!)
  return `${name}=${opened}.${timestamp}${rest}`
}

function flaskCookieText(body: string): string {
  return inflate(Buffer.from(body.slice(1), 'base64url')).toString('utf8')
}
