/** What random visitors do to a new session: the same for the same seed. */

import { markup, tuple, uuid } from '../../src/flask/flask.ts'
import type { Session } from '../../src/index.ts'

/** What a visitor does on a first visit. */
export type Work = (session: Session<any>) => void

const WORDS = ['a', 'cart', 'Zoë', '名前', '😀', 'x y', '"\\', '', '__proto__', 'ключ', '\n\t', '~']

/** A first visit that leaves something to keep; small, so that many can be had. */
export function randomWork(random: () => number): Work {
  const below = (limit: number) => Math.floor(random() * limit)
  const one = <Item>(items: readonly Item[]): Item => items[below(items.length)]!
  const word = () => one(WORDS)

  function value(depth: number): unknown {
    const scalars = [
      () => word().repeat(1 + below(4)),
      () => below(1e9) - 5e8,
      () => random(),
      () => one([true, false, null]),
      () => new Date(1.6e12 + below(1e9) * 1000),
      () => Uint8Array.from({ length: below(9) }, () => below(256)),
      () => markup(`<b>${word()}</b>`),
      () => uuid(`${'0'.repeat(24)}${String(below(1e8)).padStart(8, '0')}`),
    ]
    if (depth === 0 || random() < 0.6) return one(scalars)()
    const items = Array.from({ length: below(3) }, () => value(depth - 1))
    if (random() < 0.3) return tuple(...items)
    return random() < 0.5 ? items : Object.fromEntries(items.map((item, n) => [`k${n}`, item]))
  }

  const fields = Array.from(
    { length: 1 + below(3) },
    (_, n) => [`${word()}${n}`, value(2)] as const,
  )
  const user = random() < 0.5 ? `${word()}${below(1000)}` : undefined
  const flashes = random() < 0.25 ? [word()] : []
  const permanent = random() < 0.3
  return (session) => {
    if (user !== undefined) session.login(user)
    for (const [key, kept] of fields) session.set(key, kept)
    for (const message of flashes) session.flash(message)
    if (permanent) session.permanent = true
  }
}
