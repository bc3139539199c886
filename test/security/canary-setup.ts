/** In every test file: what the library was given in secret, it must not show in anything it tells. */

import { afterAll, vi } from 'vitest'
import type * as errors from '../../src/base/errors.ts'
import type * as setCookie from '../../src/http/set-cookie.ts'
import type * as codec from '../../src/record/text/codec.ts'
import type * as warn from '../../src/session/development/warn.ts'
import type * as settings from '../../src/session/setup/settings.ts'
import { type Canary, canary } from './canary.ts'

const worker = globalThis as { canary?: Canary }

/** What this test file has learned and seen. Files that share a worker share what is watched there. */
const watching: Canary = (worker.canary ??= canary())
watching.forget()

type Factory<Module> = () => Promise<Module>

/** Errors: the constructor asks its prototype for `super`, and that answers through here. */
vi.mock('../../src/base/errors.ts', async (original: Factory<typeof errors>) => {
  const real = await original()
  const observed = new Proxy(Error, {
    construct(target, args, made) {
      const error = Reflect.construct(target, args, made) as Error
      watching.thrown(error)
      return error
    },
  })
  Object.setPrototypeOf(real.SessionError, observed)
  return real
})

/** Secrets, events, and cookies that were sent to us. */
vi.mock('../../src/session/setup/settings.ts', async (original: Factory<typeof settings>) => {
  const real = await original()
  const resolveOptions: typeof real.resolveOptions = (options) => {
    learnSecrets(options)
    const settings = real.resolveOptions(options)
    const { emit, backend } = settings
    return {
      ...settings,
      backend: {
        ...backend,
        open(values, now) {
          for (const value of values) learnPresented(value)
          return backend.open(values, now)
        },
      },
      emit(event, subject) {
        watching.shown('an event', JSON.stringify({ ...event, handle: subject?.handle }))
        emit(event, subject)
      },
    }
  }
  return { ...real, resolveOptions }
})

/** Development warnings. */
vi.mock('../../src/session/development/warn.ts', async (original: Factory<typeof warn>) => {
  const real = await original()
  const warnOnce: typeof real.warnOnce = (...args) => {
    const print = real.warnOnce(...args)
    return (cause, line) => {
      watching.shown('the console', `${cause}\n${line}`)
      print(cause, line)
    }
  }
  return { ...real, warnOnce }
})

/** Cookies that are sent. */
vi.mock('../../src/http/set-cookie.ts', async (original: Factory<typeof setCookie>) => {
  const real = await original()
  const setCookieWriter: typeof real.setCookieWriter = (...args) => {
    const writer = real.setCookieWriter(...args)
    return {
      ...writer,
      set(value, ...rest) {
        learnSent(value)
        return writer.set(value, ...rest)
      },
    }
  }
  return { ...real, setCookieWriter }
})

/** Values, as they are kept. */
vi.mock('../../src/record/text/codec.ts', async (original: Factory<typeof codec>) => {
  const real = await original()
  const createCodec: typeof real.createCodec = (...args) => {
    const made = real.createCodec(...args)
    return {
      ...made,
      encode(value, key) {
        const text = made.encode(value, key)
        watching.learn('value', text)
        return text
      },
    }
  }
  return { ...real, createCodec }
})

function learnSecrets(options: unknown): void {
  const given = (options as { secret?: unknown } | undefined)?.secret
  for (const secret of Array.isArray(given) ? given : [given]) {
    if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) continue
    const bytes = Buffer.from(secret as string)
    for (const spelling of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      watching.learn('secret', bytes.toString(spelling))
    }
  }
}

// id = selector "." verifier "." mac;   the selector is the handle, and may be shown
const ID = /^([\w-]{22})\.([\w-]{43})\.([\w-]{16})$/

/** The handles of the cookies that were sent. A forged cookie may have one in the midst of a part. */
const handles = new Set<string>()

/** A cookie that is sent to a browser. */
function learnSent(value: string): void {
  const [, handle, verifier, mac] = ID.exec(value) ?? []
  if (handle) handles.add(handle)
  for (const part of verifier && mac ? [verifier, mac] : [value]) watching.learn('cookie', part)
}

// Other things too are presented as cookies: what stands in a store, to show that it opens nothing.
const COOKIE_LIKE =
  /^(?:[\w-]{22}\.[\w-]{43}\.[\w-]{16}|\.?[\w-]+\.[\w-]{4,8}\.(?:[\w-]{27}|[\w-]{43})|[\w-]{88,})$/

/** A cookie that a browser sent, good or bad. Shorter parts than these prove nothing. */
function learnPresented(value: string): void {
  if (!COOKIE_LIKE.test(value)) return
  for (const part of value.split('.')) {
    if (part.length < 27) continue
    const handle = [...handles].find((sent) => part.includes(sent))
    for (const rest of handle ? part.split(handle) : [part]) {
      if (rest.length >= 27) watching.learn('cookie', rest)
    }
  }
}

for (const variable of ['REDIS_URL', 'DATABASE_URL']) {
  const url = process.env[variable]
  const { password = '' } = url && URL.canParse(url) ? new URL(url) : {}
  if (password !== '') watching.learn('password', decodeURIComponent(password))
}

afterAll(() => {
  const leaks = watching.leaks()
  if (leaks.length === 0) return
  const lines = leaks.slice(0, 10).map(({ kind, where, line }) => `${kind} in ${where}: ${line}`)
  throw new Error(`What must stay secret was shown ${leaks.length} times.\n${lines.join('\n')}`)
})
