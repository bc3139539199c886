/** Starts the race page: `node demo/races/server.ts`, with REDIS_URL for a Redis, else in memory. */

import { startRaces } from './app.ts'
import { placeAt } from './place.ts'

// A demo runs on somebody's own machine over plain HTTP, where a Secure cookie may be dropped.
process.env['NODE_ENV'] ??= 'development'

const place = await placeAt(process.env['REDIS_URL'])
const races = await startRaces(place, Number(process.env['PORT'] ?? 3100))
const where = place.client ? 'in Redis' : 'in this process: set REDIS_URL for a Redis'
console.log(`Sessions are kept ${where}.`)
console.log(`The race is at ${races.origin}`)
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void end())

async function end(): Promise<void> {
  await races.close()
  await place.close()
  process.exit()
}
