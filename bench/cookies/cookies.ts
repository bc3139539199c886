/** Opens, first writes and changes sessions, beside their bare parts and other libraries. */

import { type Effort, figure, type Figure, type Section } from '../figures.ts'
import { interleaved, repeat, type Schedule, type Work } from '../measure.ts'
import { big, small } from '../payloads.ts'
import { bareEncrypted } from './bare-encrypted.ts'
import { bareSigned } from './bare-signed.ts'
import { bareStored } from './bare-stored.ts'
import { type Contender, cookieHeader, type Data } from './contender.ts'
import { cookieSession } from './cookie-session.ts'
import { honoSigned } from './hono.ts'
import { ironSession } from './iron-session.ts'
import { secureSession } from './secure-session.ts'
import { type Kind, sojourn } from './sojourn.ts'

/** Who takes part beside Sojourn, for each kind of session. */
const OTHERS: Record<Kind, () => Record<string, Contender>> = {
  signed: () => ({
    bare: bareSigned('sha256'),
    'cookie-session': cookieSession(),
    'Hono signed cookie': honoSigned(),
  }),
  flask: () => ({ bare: bareSigned('sha1') }),
  encrypted: () => ({
    bare: bareEncrypted(),
    'iron-session': ironSession(),
    '@fastify/secure-session': secureSession(),
  }),
  stored: () => ({ bare: bareStored() }),
}

export const JOBS = ['open', 'first write', 'change'] as const
export const SIZES = { small, big }

const SCHEDULES: Record<Effort, Schedule> = {
  full: { rounds: 60, warmUpMs: 400 },
  quick: { rounds: 15, warmUpMs: 120 },
}

/** One kind and one size: in a process of its own, so that no other kind shares its compiled code. */
export function cookies(kind: Kind, size: keyof typeof SIZES): Section {
  return async (effort) => {
    const contenders = { sojourn: sojourn(kind), ...OTHERS[kind]() }
    const works: Record<string, Work> = {}
    for (const [name, contender] of Object.entries(contenders)) {
      for (const [job, work] of Object.entries(await worksOf(name, contender, SIZES[size]))) {
        works[`${name}\n${job}`] = work
      }
    }
    const rounds = await interleaved(works, SCHEDULES[effort])
    return Object.entries(rounds).map(([name, taken]): Figure => {
      const [by, job] = name.split('\n')
      return figure(`${kind} ${size} ${job}`, by!, 'ns', taken)
    })
  }
}

async function worksOf(
  name: string,
  contender: Contender,
  data: Data,
): Promise<Record<(typeof JOBS)[number], Work>> {
  const cookie = cookieHeader(await contender.write(data))
  if ((await contender.open(cookie, 'user_id')) !== data['user_id']) {
    throw new Error(`${name} does not read the cookie it wrote.`)
  }
  let visits = 100
  return {
    open: repeat(() => contender.open(cookie, 'user_id')),
    'first write': repeat(() => contender.write(data)),
    change: repeat(() => contender.change(cookie, 'visits', visits++)),
  }
}
