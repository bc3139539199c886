/** Listens to diagnostics channels until the test is over. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'

/** The messages of some channels, each with its channel and as it was when it was published. */
export function listenTo(...names: readonly string[]) {
  const heard: [channel: string, message: Record<string, unknown>][] = []
  const hear = (message: unknown, name: string | symbol) => {
    heard.push([String(name), { ...(message as object) }])
  }
  for (const name of names) subscribe(name, hear)
  onTestFinished(() => {
    for (const name of names) unsubscribe(name, hear)
  })
  return heard
}
