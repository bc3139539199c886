/** Refuses a million forged cookies: `node bench/forged.ts`. */

import { ours } from './contenders.ts'
import { small } from './payloads.ts'

process.env['NODE_ENV'] = 'production'
const COUNT = Number(process.argv[2] ?? 1_000_000)
const contender = ours()
const genuine = (await contender.write(small))!.split(';')[0]!
// Every one different and of the right form: only the signature can tell.
const forged = Array.from({ length: 1000 }, (_, index) => {
  const at = 'session='.length + 10 + (index % 60)
  const other = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh'.replace(genuine[at]!, '')[index % 33]!
  return genuine.slice(0, at) + other + genuine.slice(at + 1)
})
for (const cookie of forged) {
  if ((await contender.open(cookie, 'user_id')) !== undefined)
    throw new Error('A forged cookie opened.')
}
const before = process.memoryUsage().rss
const start = process.cpuUsage()
for (let count = 0; count < COUNT; count++) {
  await contender.onlyOpen(forged[count % forged.length]!)
  // As a server would, which comes back to its sockets.
  if (count % 100 === 0) await new Promise(setImmediate)
}
// Processor time: on a shared machine the clock on the wall measures the neighbours.
const { user, system } = process.cpuUsage(start)
const seconds = (user + system) / 1e6
const grown = (process.memoryUsage().rss - before) / 1_048_576
console.log(
  `${COUNT} forged cookies refused in ${seconds.toFixed(2)} s of processor time; ${grown.toFixed(0)} MB more memory`,
)
