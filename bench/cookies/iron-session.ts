/** iron-session's sealing of data, without the object it wraps around it. */

import { sealData, unsealData } from 'iron-session'
import { ATTRIBUTES, type Contender, type Data, SECRET } from './contender.ts'

export function ironSession(): Contender {
  const password = SECRET
  const read = (cookie: string) => unsealData<Data>(cookie.slice('session='.length), { password })
  const write = async (data: Data) => `session=${await sealData(data, { password })}${ATTRIBUTES}`
  return {
    open: async (cookie, key) => (await read(cookie))[key],
    write,
    change: async (cookie, key, value) => write({ ...(await read(cookie)), [key]: value }),
  }
}
