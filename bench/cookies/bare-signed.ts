/** The parts that no signed cookie can do without: JSON, base64url, HMAC. */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { bareHmac } from './bare-hmac.ts'
import { ATTRIBUTES, type Contender, type Data } from './contender.ts'

/** `payload.timestamp.signature`: SHA-256 as Sojourn signs, SHA-1 as Flask does. */
export function bareSigned(algorithm: 'sha1' | 'sha256') {
  const mac = bareHmac(algorithm, randomBytes(32))
  const timestamp = Buffer.from([0x6a, 0x0e, 0x2f, 0x11]).toString('base64url')
  function read(cookie: string): Data {
    const value = cookie.slice('session='.length)
    const last = value.lastIndexOf('.')
    const given = Buffer.from(value.slice(last + 1), 'base64url')
    if (!timingSafeEqual(mac(value.slice(0, last)), given)) throw new Error('Not genuine.')
    const body = value.slice(0, value.lastIndexOf('.', last - 1))
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as Data
  }
  function write(data: Data): string {
    const signed = `${Buffer.from(JSON.stringify(data)).toString('base64url')}.${timestamp}`
    return `session=${signed}.${mac(signed).toString('base64url')}${ATTRIBUTES}`
  }
  return {
    open: (cookie: string, key: string) => read(cookie)[key],
    write,
    change: (cookie: string, key: string, value: unknown) =>
      write({ ...read(cookie), [key]: value }),
  } satisfies Contender
}
