/** Sojourn as an adapter uses it, for each kind of session. */

import { createSessions, type Outgoing, type SessionOptions } from 'sojourn'
import { flask } from 'sojourn/flask'
import { memoryStore } from 'sojourn/stores/memory'
import { type Contender, SECRET } from './contender.ts'

const OWN: SessionOptions = { secret: SECRET, cookie: { name: 'session', secure: false } }

/** The options of each kind of session. */
export const KINDS = {
  signed: (): SessionOptions => OWN,
  flask: () => flask({ SECRET_KEY: SECRET }),
  encrypted: (): SessionOptions => ({ ...OWN, encrypt: true }),
  stored: (): SessionOptions => ({ ...OWN, store: memoryStore() }),
}

export type Kind = keyof typeof KINDS

export function sojourn(kind: Kind): Contender {
  const sessions = createSessions<any>(KINDS[kind]())
  const visitOf = (cookie: string | undefined) => {
    return sessions.mount([{}], { cookie, header: () => undefined })!
  }
  const lines = (outgoing: Outgoing | undefined) => outgoing?.setCookie ?? []
  return {
    async open(cookie, key) {
      const visit = visitOf(cookie)
      const value = (await visit.session()).get(key)
      const finishing = visit.finish()
      if (finishing instanceof Promise) await finishing
      return value
    },
    async write(data) {
      const visit = visitOf(undefined)
      const session = await visit.session()
      for (const key in data) session.set(key, data[key])
      const finishing = visit.finish()
      return lines(finishing instanceof Promise ? await finishing : finishing)
    },
    async change(cookie, key, value) {
      const visit = visitOf(cookie)
      ;(await visit.session()).set(key, value)
      const finishing = visit.finish()
      return lines(finishing instanceof Promise ? await finishing : finishing)
    },
  }
}
