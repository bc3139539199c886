/** The NestJS examples, built by Nest's own compiler from the packed library. Needs the network. */

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChromium } from '../../demo/chromium.ts'
import { drive } from './drive.ts'
import { driveBrowser } from './drive-browser.ts'
import { type PackedExample, type PackedOptions, startPacked } from './packed.ts'

const NEST_11: PackedOptions = {
  versions: {
    '@nestjs/cli': '11.0.13',
    '@nestjs/common': '11.2.10',
    '@nestjs/core': '11.2.10',
    '@nestjs/platform-express': '11.2.10',
  },
}

describe.each(['nest-express', 'nest-fastify'])('examples/%s', (name) => {
  let example: PackedExample
  let browser: Browser

  beforeAll(async () => {
    example = await startPacked(name)
    browser = await startChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  test('serves the pages of every framework', () => drive(example.origin))

  test('works in a real browser', () => driveBrowser(browser, example.origin))

  test('NestJS sends the status of a refused post, and no message for developers', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' }
    const response = await fetch(`${example.origin}/cart`, { method: 'POST', headers })
    expect(response.status).toBe(403)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({ statusCode: 403, message: 'Forbidden' })
  })
})

test('examples/nest-express works on NestJS 11', async () => {
  const example = await startPacked('nest-express', NEST_11)
  try {
    await drive(example.origin)
    const headers = { 'sec-fetch-site': 'cross-site' }
    const response = await fetch(`${example.origin}/cart`, { method: 'POST', headers })
    expect(await response.json()).toEqual({ statusCode: 403, message: 'Forbidden' })
  } finally {
    await example.stop()
  }
})
