/** All libraries of the race, in the order of the page. */

import type { Contender } from '../contender.ts'
import type { Place } from '../place.ts'
import { betterAuthSessions } from './better-auth.ts'
import { dropIn } from './drop-in.ts'
import { expressSession } from './express-session.ts'
import { fastifySession } from './fastify-session.ts'
import { sojourn } from './sojourn.ts'

export async function contendersOn(place: Place): Promise<readonly Contender[]> {
  return [
    expressSession(place),
    await fastifySession(place),
    betterAuthSessions(place),
    dropIn(place, 'bag'),
    dropIn(place, 'update'),
    sojourn(place),
  ]
}
