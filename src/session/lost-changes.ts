/** Reports lost changes: made after the response, in a response that cannot set a cookie, or never committed. */

import { EVENTS } from '../base/channels.ts'
import { backgroundTimer } from '../base/ports.ts'
import { type Change, isSoft } from '../record/changes.ts'
import { hasDrifted } from '../record/fields.ts'
import type { LossCause } from './explain/events.ts'
import type { Host, State, Watch } from './state.ts'

/** How long changes may stay uncommitted, and how long after the response changes are looked for. */
const PATIENCE_MS = 3_000

/**
 * Watches a session whose response headers are sent. Later changes inside a value do not throw:
 * only a comparison finds them.
 *
 * Values are compared when the response is complete, if the adapter knows that; otherwise in the next
 * turn of the event loop. In development they are compared again after three seconds.
 */
export function watchSent(state: State): void {
  if (state.watch || !isLossTold(state.host)) return
  state.watch = SENT
  const told = new Set<string>()
  const look = () => report(state, 'after-response', told)
  if (state.facts.whenDone) state.facts.whenDone(look)
  else backgroundTimer(look, 0)
  if (state.host.development) backgroundTimer(look, PATIENCE_MS)
}

/** Whether lost changes are reported: to a listener, a subscriber or the developer. */
function isLossTold(host: Host): boolean {
  return host.tellsLosses || EVENTS.hasSubscribers
}

/** The watch of a session whose headers are sent. It cannot be changed or committed any more. */
const SENT: Watch = { gave() {}, changed() {}, committed() {} }

/** Makes the watch of a session of `sessions.open()`, which only the app commits. */
export function watchUncommitted(state: State): Watch | undefined {
  if (!isLossTold(state.host)) return undefined
  let cancel: (() => void) | undefined
  let isHeld = false
  const watch = {
    gave() {
      isHeld = true
      watch.changed()
    },
    changed() {
      cancel ??= backgroundTimer(() => {
        cancel = undefined
        if (!state.busy) report(state, 'not-committed', new Set())
      }, PATIENCE_MS)
    },
    committed() {
      cancel?.()
      cancel = undefined
      // Changes were made during the commit, or may be made later inside a value that the app holds.
      if (state.changes.length > 0 || isHeld) watch.changed()
    },
  }
  return watch
}

/** Reports changes whose Set-Cookie cannot be sent. `names`: of `changedNames`, before the commit. */
export function reportUnsent(state: State, names: readonly string[]): void {
  if (names.length > 0 && state.setCookie !== undefined) tell(state, 'no-set-cookie', names)
}

/** The changes that were not saved: keys, and methods such as `login()`. */
export function changedNames({ changes, record, host }: State): string[] {
  const { codec } = host.backend.layout
  const names = new Set(changes.filter((change) => !isSoft(change)).map(nameOf))
  for (const [key, field] of record.data) {
    if (!field.live) continue
    try {
      if (hasDrifted(field, key, codec)) names.add(key)
    } catch {
      // The value can no longer be stored, so it was changed.
      names.add(key)
    }
  }
  return [...names]
}

function nameOf(change: Change): string {
  if ('key' in change) return change.key
  return PROPERTIES.has(change.do) ? change.do : `${change.do}()`
}

/** Changes that are made by assignment. */
const PROPERTIES: ReadonlySet<Change['do']> = new Set(['permanent', 'label', 'lifetime'])

function report(state: State, why: LossCause, told: Set<string>): void {
  // The app knows already: its commit has thrown an error.
  if (state.told) return
  const names = changedNames(state).filter((name) => !told.has(name))
  for (const name of names) told.add(name)
  if (names.length > 0) tell(state, why, names)
}

function tell({ host, opened }: State, why: LossCause, keys: readonly string[]): void {
  host.emit({ type: 'changes-lost', why, keys }, opened)
  host.development?.lost(why, keys)
}
