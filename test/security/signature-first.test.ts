import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import zlib from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FLASK, KINDS, SIGNED } from './kinds.ts'

const { inflateSync } = zlib
const { createDecipheriv } = crypto
const { parse } = JSON
// While developing, a hint says what a refused cookie looks like; elsewhere nobody looks.
beforeEach(() => void vi.stubEnv('NODE_ENV', 'production'))
afterEach(() => {
  vi.unstubAllEnvs()
  Object.assign(zlib, { inflateSync })
  Object.assign(crypto, { createDecipheriv })
  JSON.parse = parse
  syncBuiltinESMExports()
})

/** Counts how often something is inflated, deciphered (which GCM does as it verifies) or parsed. */
function counted() {
  const calls = { inflated: 0, deciphered: 0, parsed: 0 }
  Object.assign(zlib, {
    inflateSync: (...args: Parameters<typeof inflateSync>) => (
      (calls.inflated += 1),
      inflateSync(...args)
    ),
  })
  Object.assign(crypto, {
    createDecipheriv: (...args: Parameters<typeof createDecipheriv>) => (
      (calls.deciphered += 1),
      createDecipheriv(...args)
    ),
  })
  JSON.parse = (...args: Parameters<typeof parse>) => (
    (calls.parsed += 1),
    parse(...args) as unknown
  )
  syncBuiltinESMExports()
  return calls
}

/** The value with another character at each of several places, the last one among them. */
function changed(value: string): string[] {
  return [0, 1, 5, 40, value.length >> 1, value.length - 20, value.length - 1].map((at) => {
    const other = value[at] === 'A' ? 'B' : 'A'
    return value.slice(0, at) + other + value.slice(at + 1)
  })
}

describe.each(KINDS)('$name', (kind) => {
  test('what is not genuine is not inflated, parsed or looked up', async () => {
    const app = kind.app()
    // What is only signed is deflated where it would not fit; what is encrypted never is.
    const text = kind === SIGNED || kind === FLASK ? 'deflates well, '.repeat(400) : 'short'
    const value = await app.cookieOf((session) => session.set('text', text))
    const calls = counted()
    const before = app.calls()
    for (const forged of changed(value)) expect(await app.accepts(forged), forged).toBe(false)
    expect(calls).toMatchObject({ inflated: 0, parsed: 0 })
    expect(app.calls()).toBe(before)
    // The genuine one is: so these counters count.
    expect(await app.accepts(value)).toBe(true)
    expect(calls.inflated + calls.deciphered + (app.calls() - before)).toBeGreaterThan(0)
  })
})
