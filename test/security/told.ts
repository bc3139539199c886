/** Values in words, to tell whether they came back; prototypes, to tell whether they were touched. */

import { isMarkup, isTuple, isUuid } from '../../src/flask/flask.ts'

/**
 * A value in words: equal for what is the same to an app, and for nothing else.
 *
 * `undefined` members are absent ones. Prototypes of plain objects do not count.
 */
export function told(value: unknown): unknown {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `number ${value}`
  if (typeof value === 'bigint') return `bigint ${value}`
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Date) return `date ${value.getTime()}`
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (isMarkup(value)) return `markup ${JSON.stringify(value.html)}`
  if (isUuid(value)) return `uuid ${value.uuid}`
  if (Array.isArray(value)) return [isTuple(value) ? 'tuple' : 'list', ...Array.from(value, told)]
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return {
    object: members.map(([name, member]) => [JSON.stringify(name), told(member)]).sort(byName),
  }
}

// Python sorts keys, and an object is the same in any order.
function byName([a]: unknown[], [b]: unknown[]): number {
  return String(a) < String(b) ? -1 : 1
}

/** Everything on the prototypes that data could reach, to be compared later. */
export function prototypes(): unknown {
  const reached: object[] = [
    Object,
    Array,
    Function,
    String,
    Number,
    Date,
    Map,
    Promise,
    Uint8Array,
  ]
  return reached.map((made) => {
    const { prototype } = made as { prototype: object }
    return Reflect.ownKeys(prototype).map((name) => {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(prototype, name)!
      return [name, value, get, set]
    })
  })
}
