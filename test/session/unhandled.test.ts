/** Only the refusals of guards are kept from ending the process. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('rejecting-app.ts', import.meta.url))

function run(scenario: string, flags: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, program, scenario], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return { status, lines: stdout.trimEnd().split('\n'), stderr }
}

test('a refusal that nobody handles does not end the process', () => {
  const { status, lines } = run('refused')
  expect({ status, lines }).toEqual({ status: 0, lines: ['listeners 1', 'alive'] })
})

test('nothing is left on the process once the response was decided', () => {
  const { status, lines } = run('decided')
  expect({ status, lines }).toEqual({
    status: 0,
    lines: ['listeners 1', 'ERR_NOT_SIGNED_IN', 'listeners 0', 'alive'],
  })
})

test('nor after a request that never got a response', () => {
  const { status, lines } = run('without a response', ['--expose-gc'])
  expect({ status, lines }).toEqual({
    status: 0,
    lines: ['listeners 1', 'listeners 0', 'alive'],
  })
})

test('any other rejection still ends it meanwhile, with its own error', () => {
  const ended = run('another rejection')
  expect(ended.status).not.toBe(0)
  expect(ended.lines).toEqual(['listeners 1'])
  expect(ended.stderr).toContain('RangeError: of the app')
  const text = run('no error')
  expect(text.status).not.toBe(0)
  expect(text.lines).toEqual(['listeners 1'])
})

test('any other rejection is left to a listener of the app, and to the flags of Node', () => {
  const heard = run('with a listener of the app')
  expect({ status: heard.status, lines: heard.lines }).toEqual({
    status: 0,
    lines: [
      'heard The visitor is not signed in. Redirect to the sign-in page.',
      'listeners 2',
      'heard of the app',
      'alive',
    ],
  })
  const warned = run('another rejection', ['--unhandled-rejections=warn'])
  expect(warned.lines).toEqual(['listeners 1', 'alive'])
})
