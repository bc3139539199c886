/** The browser of the tests, on this machine and without the rest of the internet. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type LaunchOptions,
} from 'playwright-core'

/** Names under `.test` are this machine. */
const LAUNCH: LaunchOptions = {
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--host-resolver-rules=MAP *.test 127.0.0.1',
  ],
}

/** Starts it. Its windows are private ones. */
export function startChromium(
  options: Pick<LaunchOptions, 'ignoreDefaultArgs'> = {},
): Promise<Browser> {
  return chromium.launch({ ...LAUNCH, ...options })
}

/**
 * Starts it with one window that is not private, and that lets other sites use their cookies.
 *
 * @param profile an empty folder
 */
export function startWindow(
  profile: string,
  options: BrowserContextOptions,
): Promise<BrowserContext> {
  const preferences = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }
  mkdirSync(join(profile, 'Default'))
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences))
  return chromium.launchPersistentContext(profile, { ...LAUNCH, ...options })
}
