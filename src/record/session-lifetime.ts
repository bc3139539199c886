/** The timeouts of one session: those of the options, or the shorter ones that apply to it. */

import { liveValue } from './fields.ts'
import { type Lifetime, shortened } from './lifetime.ts'
import { type Layout, type SessionRecord, setMeta, userIdOf } from './record.ts'

/** The timeouts that were set for one session, in whole seconds. */
export interface OwnTimeouts {
  readonly idle?: number | undefined
  readonly absolute?: number | undefined
}

/** The timeouts of a record's session: of all that apply to it the shortest. */
export function lifetimeOf(record: SessionRecord, layout: Layout, options: Lifetime): Lifetime {
  const own = ownTimeouts(record, layout)
  const { anonymous } = options
  const isAnonymous = anonymous !== undefined && userIdOf(record, layout) === undefined
  if (!own && !isAnonymous) return options
  const inMs = (seconds: number | undefined) => seconds && seconds * 1000
  const lifetime = isAnonymous ? shortened(options, { idle: anonymous }) : options
  return own
    ? shortened(lifetime, { idle: inMs(own.idle), absolute: inMs(own.absolute) })
    : lifetime
}

// own = "[" idle "," absolute "]"      ; in seconds, 0 for none
/** The timeouts that were set for this session. If they cannot be read, NaN: it has expired. */
export function ownTimeouts(
  { meta }: SessionRecord,
  { names, codec }: Layout,
): OwnTimeouts | undefined {
  const field = names.lifetime === undefined ? undefined : meta.get(names.lifetime)
  if (!field) return undefined
  const value = liveValue(field, codec)
  const [idle, absolute] = Array.isArray(value) ? (value as unknown[]) : []
  if (!isSeconds(idle) || !isSeconds(absolute)) return { idle: Number.NaN, absolute: Number.NaN }
  return { idle: idle || undefined, absolute: absolute || undefined }
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

/** Sets the timeouts of a record's session, or removes them. */
export function setOwnTimeouts(
  record: SessionRecord,
  own: OwnTimeouts | undefined,
  layout: Layout,
): void {
  const value = own && [own.idle ?? 0, own.absolute ?? 0]
  setMeta(record, layout.names.lifetime, value, layout)
}
