import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeEntry,
  encodeEntry,
  type Entry,
  entryEnded,
  rowOf,
  seenAt,
} from '../../../src/backends/stored/entry.ts'
import { newRecord } from '../../../src/record/record.ts'
import type { Row } from '../../../src/backends/stored/store.ts'
import { layout, MINUTE } from './bench.ts'

const rowWith = (body: string): Row => ({ write: 'w', recent: [], expiresAt: 0, owner: null, body })

const entries = fc
  .record({
    selector: fc.constant('selector'),
    verifier: fc.stringMatching(/^[\w-]+$/),
    auth: fc.nat(),
    epoch: fc.nat(),
    idle: fc.nat(),
    issued: fc.nat(),
    previous: fc.option(
      fc.record({
        verifier: fc.stringMatching(/^[\w-]+$/),
        replacedAt: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
      }),
      { nil: undefined },
    ),
  })
  .map((head): Entry => ({ ...head, record: newRecord(layout, 1) }))

const lowered = fc.option(fc.integer({ min: 1 }), { nil: undefined })

describe('what a row says of a session', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(entries, lowered, (head, lowered) => {
        const entry = { ...head, lowered }
        const text = encodeEntry(entry, layout)
        const again = decodeEntry('selector', rowWith(text), { layout })!
        expect(encodeEntry(again, layout)).toBe(text)
        expect({ ...again, record: 0 }).toEqual({ ...entry, record: 0 })
      }),
    )
  })

  it('is nothing under another key: a store that answers with another row is caught', () => {
    const [entry] = fc.sample(entries, 1)
    const row = rowWith(encodeEntry(entry!, layout))
    expect(decodeEntry('selector', row, { layout })).toBeDefined()
    expect(decodeEntry('other', row, { layout })).toBeUndefined()
  })

  it.each([
    '',
    '\n',
    '[{},{}]',
    'select\n[{},{}]',
    'select.v.1.1\n[{},{}]',
    'select.v.1.1.\n[{},{}]',
    'select.v.1.1.-1\n[{},{}]',
    'select..1.1.1\n[{},{}]',
    'select.v.1.1.1.w\n[{},{}]',
    'select.v.1.1.1.w.0.0\n[{},{}]',
    'select.v.1.1.1',
    'select.v.1.1.1\n',
    'select.v.1.1.1\n{}',
    'select.v.1.1.1\n[{},{}',
    ' select.v.1.1.1\n[{},{}]',
  ])('is nothing in a body of another kind: %j', (body) => {
    expect(decodeEntry('selector', rowWith(body), { layout })).toBeUndefined()
  })

  it('is seen when it was written, and when it was touched', () => {
    const [entry] = fc.sample(entries, 1)
    const now = 1_700_000_000_123
    const written = rowOf({ ...entry!, idle: 60 }, { layout }, { write: 'w', recent: [], now })
    expect(seenAt(written, { ...entry!, idle: 60 })).toBe(1_700_000_000)
    const touched = { ...written, expiresAt: now + 5_000 + 60_000 }
    expect(seenAt(touched, { ...entry!, idle: 60 })).toBe(1_700_000_005)
  })

  it('is over at its own end though idle was raised, and at the new idle though that was cut', () => {
    const lifetime = { permanent: 0, absolute: undefined, leeway: 0, renewal: 'visits' as const }
    const ended = (idle: number, after: number) => {
      const now = 1_700_000_000_000
      const entry = { ...fc.sample(entries, 1)[0]!, idle: 600 }
      const row = rowOf(entry, { layout }, { write: 'w', recent: [], now })
      return entryEnded(row, entry, { layout, lifetime: { ...lifetime, idle } }, now + after)
    }
    expect(ended(10 * MINUTE, 10 * MINUTE)).toBeUndefined()
    expect(ended(10 * MINUTE, 10 * MINUTE + 1000)).toBe('expired')
    expect(ended(20 * MINUTE, 10 * MINUTE + 1000)).toBe('expired')
    expect(ended(5 * MINUTE, 5 * MINUTE)).toBeUndefined()
    expect(ended(5 * MINUTE, 5 * MINUTE + 1000)).toBe('expired')
  })

  it('is seen when it was written, whatever touched it, if its idle timeout was shortened', () => {
    const entry = { ...fc.sample(entries, 1)[0]!, idle: 60, lowered: 1_700_000_000 }
    expect(seenAt({ ...rowWith(''), expiresAt: 1_800_000_000_000 }, entry)).toBe(1_700_000_000)
  })

  it('is not from the future where another server has a fast clock', () => {
    const entry = { ...fc.sample(entries, 1)[0]!, idle: 600 }
    const lifetime = {
      idle: 600_000,
      permanent: 0,
      absolute: undefined,
      leeway: 0,
      renewal: 'visits' as const,
    }
    const row = rowOf(entry, { layout }, { write: 'w', recent: [], now: 1_700_000_300_000 })
    expect(entryEnded(row, entry, { layout, lifetime }, 1_700_000_000_000)).toBeUndefined()
  })
})
