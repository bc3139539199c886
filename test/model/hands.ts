/** The objects in a request's hands: it may change them in place without a commit, and nobody else may see that. */

import { liveValue } from '../../src/record/fields.ts'
import type { SessionRecord } from '../../src/record/record.ts'
import type { Visit } from './requests.ts'
import { layout, type World } from './world.ts'

/** Looks at the log it was handed, as `session.get` would, and changes it in place. */
export function handle({ oracle }: World, { name }: Visit, record?: SessionRecord): void {
  const field = record?.data.get('log')
  if (!field) return
  const log = liveValue(field, layout.codec) as string[]
  const others = log.filter((item) => item.startsWith(IN_PLACE) && item !== IN_PLACE + name)
  if (others.length > 0) oracle.fail(`${name} was handed what ${others.join()} changed in place`)
  log.push(IN_PLACE + name)
}

const IN_PLACE = 'in place by '
