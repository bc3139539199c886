/** The checker of histories: what a store may answer, and what it may not. */

import { describe, expect, test } from 'vitest'
import { BAD } from './bad-histories.ts'
import { check } from './checker.ts'
import { checkAll, minimal, story } from './explain.ts'
import { GOOD, RESENT } from './good-histories.ts'
import { asLastTold, fromLine, toLine } from './history.ts'
import {
  insert,
  inTurn,
  lostTo,
  read,
  remove,
  row,
  swap,
  told,
  touch,
  until,
  untold,
  won,
} from './written.ts'

const [a, b, c, d] = [row('a'), row('b'), row('c'), row('d')]

describe('the checker flags', () => {
  test.each(Object.entries(BAD))('%s', (_, history) => {
    expect(check(history)).toBe('violation')
    expect(check([...history].reverse())).toBe('violation')
  })
})

describe('the checker accepts', () => {
  test.each(Object.entries(GOOD))('%s', (_, history) => {
    expect(check(history)).toBe('linearizable')
    expect(check([...history].reverse())).toBe('linearizable')
  })
})

describe('the checker accepts of clients that resend, and of no others', () => {
  test.each(Object.entries(RESENT))('%s', (_, history) => {
    expect(check(history, { resends: true })).toBe('linearizable')
    expect(check(history)).toBe('violation')
  })

  test('not what no resent command explains', () => {
    const bad = ['a stale read', 'reads that go back', 'two winners at once over one write']
    for (const name of bad) expect(check(BAD[name]!, { resends: true })).toBe('violation')
  })
})

describe('a report', () => {
  test('says that a history was too tangled for the patience it had', () => {
    const tangled = Array.from({ length: 12 }, (_, n) => told(0, 50, touch(2000 + n), true))
    const history = [told(0, 50, insert(a), true), ...tangled, told(60, 70, read, c)]
    expect(check(history)).toBe('violation')
    expect(check(history, { patience: 50 })).toBe('undecided')
    expect(checkAll(history, { patience: 50 }).failures).toEqual(['k: undecided, 14 operations'])
  })

  test('is not tangled by touches without an answer, however many', () => {
    const touches = Array.from({ length: 40 }, (_, n) => untold(6, touch(2000 + n)))
    const history = [...touches, ...inTurn([insert(a), true], [read, a], [swap('a', b), won])]
    const seen = [told(40, 45, read, b), told(50, 55, read, until(2020, b))]
    expect(check([...history, ...seen], { patience: 500 })).toBe('linearizable')
    const gone = told(60, 65, read, a)
    expect(check([...history, ...seen, gone], { patience: 500 })).toBe('violation')
  })

  test('checks each key on its own, and counts', () => {
    const elsewhere = { ...told(0, 5, insert(b), true), key: 'other' }
    const history = [told(0, 5, insert(a), true), elsewhere, untold(10, remove)]
    expect(checkAll(history)).toEqual({ operations: 3, keys: 2, unknown: 1, failures: [] })
  })

  test('tells the shortest story of a violation', () => {
    const history = [
      ...inTurn([insert(a), true], [read, a], [swap('x', d), lostTo(a)], [swap('a', b), won]),
      told(40, 45, read, a),
      told(50, 55, read, b),
    ]
    const [first, second, third, ...others] = minimal(history)
    expect([first, second, third]).toEqual([history[0], history[3], history[4]])
    expect(others).toEqual([])
    expect(checkAll(history).failures[0]).toContain('0.04 to 0.045 µs c read {}: ["a",')
  })

  test('leaves the beginning of a long story out', () => {
    const long = Array.from({ length: 45 }, (_, n) => told(n, n, read, null))
    expect(story(long).split('\n')).toHaveLength(41)
    expect(story(long)).toContain('(5 before)')
  })

  test('cuts long texts short', () => {
    const long = row('a', { body: 'long "and" '.repeat(100) })
    expect(story([told(0, 5, insert(long), true), told(10, 15, read, long)]).length).toBeLessThan(
      400,
    )
  })

  test('reads the lines that a worker writes', () => {
    const history = [...GOOD['one after the other']!, untold(7, remove)]
    expect(history.map(toLine).map(fromLine)).toEqual(history)
  })

  test('takes the last word on a call', () => {
    const [first, last] = [untold(0, read), told(0, 5, read, null)]
    expect(asLastTold([first, untold(7, remove), last])).toEqual([last, untold(7, remove)])
  })
})
