/** Opens and writes the signed cookie beside its bare parts and cookie-session: `node bench/cookie.ts`. */

import { cpus } from 'node:os'
import { bare, type Contender, cookieHeader, cookieSessionPeer, ours } from './contenders.ts'
import { type Medians, medians, repeat, type Work } from './measure.ts'
import { big, small } from './payloads.ts'

process.env['NODE_ENV'] = 'production'
const rounds = Number(process.argv[2] ?? 60)
const contenders: Record<string, Contender> = {
  bare: bare(),
  ours: ours(),
  'cookie-session': cookieSessionPeer(),
}

console.log(
  `Node ${process.version}, ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds`,
)
for (const [size, data] of Object.entries({ small, big })) {
  console.log(
    `\n${size}: ${JSON.stringify(data).length} bytes of JSON; ns (ratio to the bare cost)`,
  )
  const works: Record<string, Work> = {}
  for (const [name, contender] of Object.entries(contenders)) {
    const cookie = cookieHeader(await contender.write(data))
    if ((await contender.open(cookie, 'user_id')) !== 4217)
      throw new Error(`${name} cannot read itself.`)
    works[`open ${name}`] = repeat(() => contender.open(cookie, 'user_id'))
    works[`write ${name}`] = repeat(() => contender.write(data))
    let visits = 0
    works[`change ${name}`] = repeat(() => contender.change(cookie, 'visits', visits++))
  }
  report(await medians(works, rounds))
}

function report(found: Medians): void {
  for (const job of ['open', 'write', 'change']) {
    const base = found[`${job} bare`]!
    const cells = Object.keys(contenders).map((name) => {
      const time = found[`${job} ${name}`]!
      return `${name} ${Math.round(time)} (${(time / base).toFixed(2)})`
    })
    const faster = found[`${job} cookie-session`]! / found[`${job} ours`]!
    console.log(
      `${job.padEnd(7)} ${cells.join('   ')}   ${faster.toFixed(1)}x faster than cookie-session`,
    )
  }
}
