/** A program in which a guard refuses, and something else is rejected while that is being watched. */

import { setImmediate as turn } from 'node:timers/promises'
import { createSessions } from '../../src/index.ts'
import { SECRET } from './visitor.ts'

const say = (...words: unknown[]) => void process.stdout.write(`${words.join(' ')}\n`)

const [, , scenario = ''] = process.argv
const sessions = createSessions({ secret: SECRET })
let carrier: object | undefined = {}
let visit = sessions.mount([carrier], { cookie: undefined, header: () => undefined })

if (scenario === 'with a listener of the app') {
  process.on('unhandledRejection', (reason) => say('heard', (reason as Error).message))
}
/** Rejected with the refusal, and handled by nobody. */
const ignoring = async () => void (await sessions.signedIn(carrier!))
void ignoring()
await turn()
say('listeners', process.listenerCount('unhandledRejection'))
if (scenario === 'decided') {
  await (async () => visit!.finish())().catch((error: { code: string }) => say(error.code))
  while (process.listenerCount('unhandledRejection') > 0) await turn()
  say('listeners', process.listenerCount('unhandledRejection'))
} else if (scenario === 'without a response') {
  visit = carrier = undefined
  const collect = (globalThis as { gc?: () => void }).gc!
  for (let round = 0; round < 1000 && process.listenerCount('unhandledRejection') > 0; round++) {
    collect()
    await turn()
  }
  say('listeners', process.listenerCount('unhandledRejection'))
} else if (scenario !== 'refused') {
  void Promise.reject(scenario === 'no error' ? 'text' : new RangeError('of the app'))
  await turn()
}
say('alive')
