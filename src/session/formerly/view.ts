/** The content of a session, independent of its layout: to move it from one layout to another. */

import { setMeta } from '../../record/record.ts'
import type { Change } from '../../record/changes.ts'
import { unread } from '../../record/fields.ts'
import {
  asFlash,
  authenticatedAtOf,
  type Flash,
  isPermanent,
  labelOf,
  type Layout,
  ownLayout,
  type SessionRecord,
  userIdOf,
  waitingItems,
} from '../../record/record.ts'
import { type OwnTimeouts, ownTimeouts, setOwnTimeouts } from '../../record/session-lifetime.ts'
import { isUserId } from '../explain/misuse.ts'
import { idFor, type Item, pathRoot, userIdAt } from './user-path.ts'

/** The key of the mark in the data of a former session: see `mark` in `sides.ts`. */
export const MARK = '__sojourn_moved'

/** How one side encodes its sessions. */
export interface Spelling {
  readonly layout: Layout
  /** The path of the user's id in the data, if the layout itself does not store it. */
  readonly path?: readonly string[] | undefined
  /** Further keys that a login writes, in a layout that stores them among the data. */
  readonly loginNames: ReadonlySet<string>
}

/** The content of a session. Times are in seconds since 1970. */
export interface View {
  readonly data: ReadonlyMap<string, Item>
  readonly userId: string | undefined
  readonly authenticatedAt: number | undefined
  readonly permanent: boolean
  readonly flashes: readonly Flash[]
  readonly label: string | undefined
  readonly lifetime: OwnTimeouts | undefined
  readonly version: string | undefined
}

/** The content of an empty session. */
export const EMPTY: View = {
  data: new Map(),
  userId: undefined,
  authenticatedAt: undefined,
  permanent: false,
  flashes: [],
  label: undefined,
  lifetime: undefined,
  version: undefined,
}

/** Reads the content of a record. */
export function viewOf(given: SessionRecord, spelling: Spelling): View {
  const { layout, path } = spelling
  // Leaves out what a layout shows but does not store, such as the id of an express-session.
  const record = given.unmigrated ? given : (layout.decode(layout.encode(given)) ?? given)
  const { names, codec } = layout
  const data = new Map<string, Item>()
  for (const [key, { text }] of record.unmigrated?.stored ?? record.data) {
    if (isOwnKey(key, spelling)) continue
    const decoded = codec.decode(text)
    const plain = codec.mayHoldTags(text) ? undefined : text
    if (decoded) data.set(key, { value: decoded.value, plain })
  }
  const userId = (path && userIdAt(data, path)) ?? userIdOf(record, layout)
  return {
    data,
    // Stores accept no other ids, and two users could share one.
    userId: userId !== undefined && isUserId(userId) ? userId : undefined,
    authenticatedAt: authenticatedAtOf(record, layout),
    permanent: isPermanent(record, layout),
    flashes: waitingItems(record, layout).flatMap((item) => asFlash(item) ?? []),
    label: labelOf(record, layout),
    lifetime: ownTimeouts(record, layout),
    version: names.version && record.meta.get(names.version)?.text,
  }
}

/** Whether a key of the data belongs to the library. */
export function isOwnKey(key: string, { layout: { flat, names }, loginNames }: Spelling): boolean {
  if (key === MARK) return true
  if (!flat) return false
  return loginNames.has(key) || Object.values<string | undefined>({ ...names }).includes(key)
}

/** Makes a record of a view; `left`: the keys of values that the layout cannot store. */
export function recordOf(
  view: View,
  { layout, loginNames }: Spelling,
  stamp: { created: number; nonce: string },
  also: Readonly<Record<string, unknown>> = {},
): { record: SessionRecord; left: string[] } {
  const { codec, names } = layout
  const record = layout.empty(stamp)
  const left: string[] = []
  for (const [key, item] of view.data) {
    const text = isOwnKey(key, { layout, loginNames }) ? undefined : itemText(layout, item, key)
    if (text === undefined) left.push(key)
    else record.data.set(key, unread(text))
  }
  const { userId, authenticatedAt, flashes, label, lifetime, version } = view
  if (view.permanent) setMeta(record, names.permanent, true, layout)
  if (flashes.length > 0) setMeta(record, names.flashes, flashItems(flashes, layout), layout)
  if (userId !== undefined) {
    setMeta(record, names.userId, userId, layout)
    setMeta(record, names.authenticatedAt, authenticatedAt, layout)
    for (const [name, value] of Object.entries(also)) setMeta(record, name, value, layout)
  }
  setMeta(record, names.label, label, layout)
  setOwnTimeouts(record, lifetime, layout)
  if (layout.flat || names.version === undefined) return { record, left }
  if (version !== undefined) record.meta.set(names.version, unread(version))
  // Encode and decode it, so that the option `migrate` gets the data of its version.
  return { record: layout.decode(ownLayout(codec).encode(record)) ?? record, left }
}

/** The items of messages in a layout, without those that it cannot store. */
export function flashItems(flashes: readonly Flash[], layout: Layout): unknown[] {
  return flashes.flatMap(({ category, message }) => {
    const item = layout.flashItem(category, message)
    return spelledBy(layout, item, layout.names.flashes) === undefined ? [] : [item]
  })
}

/** The text of an item; `undefined` if the layout cannot store it. */
function itemText(layout: Layout, { value, plain }: Item, key: string): string | undefined {
  const { codec } = layout
  const isPlain = plain !== undefined && !codec.mayHoldTags(plain) && codec.decode(plain)
  return isPlain ? plain : spelledBy(layout, value, key)
}

/** The text of a value; `undefined` if the layout cannot store it. */
export function spelledBy({ codec }: Layout, value: unknown, key: string): string | undefined {
  try {
    return codec.encode(value, key)
  } catch {
    return undefined
  }
}

/** The changes that turn a new record into this one, for a backend that replays them. */
export function changesFor(
  record: SessionRecord,
  view: View,
  login: Change | undefined,
  spelling: Spelling,
): Change[] {
  const { layout } = spelling
  const changes: Change[] = login ? [login] : []
  for (const [key, { text }] of record.data) {
    if (!isOwnKey(key, spelling)) changes.push({ do: 'set', key, text })
  }
  const items = flashItems(view.flashes, layout)
  for (const item of items) changes.push({ do: 'flash', item })
  if (view.permanent) changes.push({ do: 'permanent', on: true })
  if (view.label !== undefined) changes.push({ do: 'label', label: view.label })
  if (view.lifetime) changes.push({ do: 'lifetime', own: view.lifetime })
  return changes
}

/** The changes that give a former session the content of ours. */
export function changesBetween(
  from: View,
  to: View,
  spelling: Spelling & { asNumber: boolean },
  login: (userId: string) => Change,
  now: number,
): Change[] {
  const { layout, path, asNumber } = spelling
  const changes: Change[] = []
  const isAnother = from.userId !== undefined && from.userId !== to.userId
  if (isAnother) changes.push({ do: 'logout', keep: [], at: Math.floor(now / 1000) })
  const before = isAnother ? EMPTY : from
  if (to.userId !== undefined && before.userId !== to.userId) {
    changes.push(path ? { do: 'regenerate' } : login(to.userId))
    if (!path && layout.flat && asNumber) {
      const id = idFor(to.userId, asNumber)
      changes.push({ do: 'set', key: layout.names.userId, text: layout.codec.encode(id, 'userId') })
    }
  }
  const wanted = path ? pathRoot(to, before, path, asNumber) : to.data
  for (const [key, item] of wanted) {
    const text = isOwnKey(key, spelling) ? undefined : itemText(layout, item, key)
    const old = before.data.get(key)
    const isSame = old !== undefined && itemText(layout, old, key) === text
    if (text !== undefined && !isSame) changes.push({ do: 'set', key, text })
  }
  for (const key of before.data.keys()) if (!wanted.has(key)) changes.push({ do: 'delete', key })
  const items = flashItems(to.flashes, layout)
  if (!isEqual(items, flashItems(before.flashes, layout), layout)) {
    if (before.flashes.length > 0) changes.push({ do: 'consume', shown: 'all' })
    for (const item of items) changes.push({ do: 'flash', item })
  }
  if (before.permanent !== to.permanent) changes.push({ do: 'permanent', on: to.permanent })
  const { label, lifetime } = to
  if (layout.names.label !== undefined && before.label !== label) {
    changes.push({ do: 'label', label })
  }
  if (layout.names.lifetime !== undefined && !isEqual(before.lifetime, lifetime, layout)) {
    changes.push({ do: 'lifetime', own: lifetime })
  }
  return changes
}

function isEqual(one: unknown, other: unknown, layout: Layout): boolean {
  return spelledBy(layout, one ?? null, '') === spelledBy(layout, other ?? null, '')
}
