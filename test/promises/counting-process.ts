/** A process of a site that has several: counts in one session, with a store of its own. */

import { SECRET } from '../session/visitor.ts'
import { createSessions } from '../../src/index.ts'
import { openStore, type Place } from './open-store.ts'

/** What the process is told. */
export interface Counting {
  readonly place: Place
  readonly cookie: string
  readonly times: number
  readonly lanes: number
}

const { place, cookie, times, lanes }: Counting = JSON.parse(process.argv[2] ?? '')
const { store, close } = await openStore(place)
const sessions = createSessions<{ count: number }>({
  secret: SECRET,
  store,
  cookie: { name: 'session', secure: false },
  deadlines: { read: '20s', write: '20s', commit: '30s' },
})

process.stdout.write('ready\n')
await new Promise((told) => process.stdin.once('data', told))
process.stdin.destroy()

let begun = 0
async function lane(): Promise<void> {
  for (; begun < times;) {
    begun += 1
    const session = await sessions.open(cookie)
    session.update('count', (count = 0) => count + 1)
    await session.commit()
  }
}
await Promise.all(Array.from({ length: lanes }, lane))
await close()
