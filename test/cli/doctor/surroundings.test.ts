import { expect, test } from 'vitest'
import { nodeFinding } from '../../../src/cli/doctor/surroundings.ts'

const IN_2026 = Date.UTC(2026, 10, 21)

test.each([
  ['18.20.4', 'fail', 'too old'],
  ['20.18.3', 'fail', 'too old'],
  ['20.19.0', 'warn', 'since 2026-04-30'],
  ['22.12.0', 'pass', 'until 2027-04-30'],
  ['24.1.0', 'pass', 'until 2028-04-30'],
  ['25.0.0', 'warn', 'months only'],
  ['28.0.0', 'pass', '28.0.0'],
])('Node.js %s: %s, with the reason', (version, verdict, says) => {
  expect(nodeFinding(version, IN_2026)).toMatchObject({ verdict })
  expect(nodeFinding(version, IN_2026).says).toContain(says)
})

test('a line of Node.js is one that gets fixes to the day its life ends', () => {
  const verdictOn = (day: number) => nodeFinding('20.20.2', Date.UTC(2026, 3, day)).verdict
  expect([verdictOn(29), verdictOn(30)]).toEqual(['pass', 'pass'])
  expect(nodeFinding('20.20.2', Date.UTC(2026, 4, 1)).verdict).toBe('warn')
})
