import { deflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { describe } from '../../src/inspect/description.ts'
import { page } from '../../src/cli/inspect/page.ts'
import { cookiesIn } from '../../src/inspect/pasted.ts'
import { prettyJson } from '../../src/cli/command/terminal.ts'
import { sojourn } from './command.ts'

const SECRETS = [{ text: 'a secret of the tests, long enough', from: 'TEST' }]
const NOW = 1_700_000_000_000
const OBEYED = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

function inspectAll(text: string): string {
  return cookiesIn(text)
    .map((cookie) => page(describe(cookie, { secrets: SECRETS, now: NOW }), NOW))
    .join('')
}

const json = fc.json({ maxDepth: 4 })
const bytes = fc.uint8Array({ maxLength: 200 })
const body = fc.oneof(
  json.map((text) => Buffer.from(text).toString('base64url')),
  json.map((text) => `.${deflateSync(text).toString('base64url')}`),
  bytes.map((raw) => Buffer.from(raw).toString('base64url')),
  bytes.map((raw) => Buffer.from(raw).toString('base64')),
  fc.string({ unit: 'binary' }),
)
const value = fc.oneof(
  fc.tuple(body, body, body).map((parts) => parts.join('.')),
  fc
    .tuple(body, fc.constantFrom('ZVPxAA', 'AA', '', '__________8'), fc.constantFrom(27, 43, 86, 5))
    .map(([payload, time, length]) => `${payload}.${time}.${'A'.repeat(length)}`),
  // As our envelopes and ids look.
  fc
    .uint8Array({ minLength: 63, maxLength: 200 })
    .map((raw) => Buffer.from([1, ...raw]).toString('base64url')),
  fc
    .tuple(...[16, 32, 12].map((length) => fc.uint8Array({ minLength: length, maxLength: length })))
    .map((parts) => parts.map((part) => Buffer.from(part).toString('base64url')).join('.')),
  fc.string({ unit: 'binary' }),
)

test('no input makes it throw, show what a terminal obeys, or call it verified', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        value,
        value.map((text) => `Cookie: a=${text}; session=${text}`),
      ),
      (text) => {
        const shown = inspectAll(text)
        expect(shown).not.toMatch(OBEYED)
        expect(shown).not.toContain('verified    yes')
      },
    ),
    { numRuns: 3000 },
  )
})

test('laid-out JSON is the same JSON', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      expect(JSON.parse(prettyJson(text))).toEqual(JSON.parse(text))
    }),
    { numRuns: 2000 },
  )
  expect(prettyJson('{"a":[],"b":{},"c":[1.0]}')).toBe(
    JSON.stringify({ a: [], b: {}, c: [1] }, null, 2).replace('1\n', '1.0\n'),
  )
})

test('a bomb, a deep nest and a flood of cookies are looked at in a moment', async () => {
  const bomb = `.${deflateSync(Buffer.alloc(5_000_000, 0x20)).toString('base64url')}`
  const nest = Buffer.from('['.repeat(40_000)).toString('base64url')
  const sign = (payload: string) => `${payload}.ZVPxAA.${'A'.repeat(27)}`
  for (const text of [
    sign(bomb),
    sign(nest),
    `${nest}${'='}`,
    'a=b;'.repeat(30_000),
    'a'.repeat(500_000),
    '.'.repeat(60_000),
    '"\\'.repeat(30_000),
    `x="${'\\1'.repeat(30_000)}`,
  ]) {
    const { code, err } = await sojourn(['inspect'], { input: text, env: { SECRET_KEY: 'secret' } })
    expect(code).toBe(1)
    expect(err).not.toContain('    at ')
  }
})

test('a megabyte and more is refused', async () => {
  const { code, err } = await sojourn(['inspect'], { input: 'a'.repeat(1_100_000) })
  expect(code).toBe(2)
  expect(err).toContain('megabyte')
})
