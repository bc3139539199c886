import { expect, test } from 'vitest'
import { nodeFinding } from '../../../src/cli/doctor/examine-module.ts'

test.each([
  ['18.20.4', 'fail', 'too old'],
  ['20.18.3', 'fail', 'too old'],
  ['20.19.0', 'pass', 'previous-releases'],
  ['22.12.0', 'pass', 'previous-releases'],
  ['24.1.0', 'pass', '24.1.0'],
  ['25.0.0', 'warn', 'some months'],
  ['27.0.0', 'pass', '27.0.0'],
  ['28.0.0', 'pass', '28.0.0'],
])('Node.js %s: %s, with the reason', (version, verdict, says) => {
  expect(nodeFinding(version)).toMatchObject({ verdict })
  expect(nodeFinding(version).says).toContain(says)
})
