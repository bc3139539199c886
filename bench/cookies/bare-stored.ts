/** The parts that no session in memory can do without: a random id, its hash, a map, JSON. */

import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { ATTRIBUTES, type Contender, type Data } from './contender.ts'

interface Row {
  verifier: Buffer
  json: string
}

/** `selector.verifier`: the row is found under the selector and has the hash of the verifier. */
export function bareStored(): Contender {
  const rows = new Map<string, Row>()
  function read(cookie: string): { row: Row; data: Data } {
    const dot = cookie.indexOf('.')
    const row = rows.get(cookie.slice('session='.length, dot))!
    const given = hash('sha256', cookie.slice(dot + 1), 'buffer')
    if (!timingSafeEqual(row.verifier, given)) throw new Error('Not genuine.')
    return { row, data: JSON.parse(row.json) as Data }
  }
  return {
    open: (cookie, key) => read(cookie).data[key],
    write(data) {
      const selector = randomBytes(16).toString('base64url')
      const verifier = randomBytes(32).toString('base64url')
      const row = { verifier: hash('sha256', verifier, 'buffer'), json: JSON.stringify(data) }
      rows.set(selector, row)
      return `session=${selector}.${verifier}${ATTRIBUTES}`
    },
    change(cookie, key, value) {
      const { row, data } = read(cookie)
      data[key] = value
      row.json = JSON.stringify(data)
      return []
    },
  }
}
