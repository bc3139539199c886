/** Reports changes that are lost: made after the response, without a cookie to carry them, or never committed. */

import { EVENTS } from '../base/channels.ts'
import { backgroundTimer } from '../base/ports.ts'
import { type Change, isSoft } from '../record/changes.ts'
import { hasDrifted } from '../record/fields.ts'
import type { LossCause } from './explain/events.ts'
import type { Host, State, Watch } from './state.ts'

/** How long changes may stay uncommitted; and how much later than the response they are looked for. */
const PATIENCE_MS = 3_000

/**
 * Watches a session whose response headers are sent. Nested changes from then on are lost in silence:
 * only a comparison finds them.
 *
 * They are compared when the response is complete, where the adapter knows that, and otherwise in the
 * next turn of the event loop; outside production once more after three seconds.
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

/** Whether a loss of changes is told to anybody. */
function isLossTold(host: Host): boolean {
  return host.tellsLosses || EVENTS.hasSubscribers
}

/** The watch of a session whose headers are sent: nothing can be changed or committed any more. */
const SENT: Watch = { gave() {}, changed() {}, committed() {} }

/** Makes the watch of a session that only the app commits, one of `sessions.open()`. */
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
      // Made during the commit; or later, inside a value that the app holds.
      if (state.changes.length > 0 || isHeld) watch.changed()
    },
  }
  return watch
}

/** Reports changes whose Set-Cookie cannot be sent. `names`: of `changedNames`, before the commit. */
export function reportUnsent(state: State, names: readonly string[]): void {
  if (names.length > 0 && state.setCookie !== undefined) tell(state, 'no-set-cookie', names)
}

/** What a session has changed and not saved: keys, and verbs such as `login()`. */
export function changedNames({ changes, record, host }: State): string[] {
  const { codec } = host.backend.layout
  const names = new Set(changes.filter((change) => !isSoft(change)).map(nameOf))
  for (const [key, field] of record.data) {
    if (!field.live) continue
    try {
      if (hasDrifted(field, key, codec)) names.add(key)
    } catch {
      // By now it holds a value that cannot be stored.
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
  // A commit that failed has told the app.
  if (state.told) return
  const names = changedNames(state).filter((name) => !told.has(name))
  for (const name of names) told.add(name)
  if (names.length > 0) tell(state, why, names)
}

function tell({ host, opened }: State, why: LossCause, keys: readonly string[]): void {
  host.emit({ type: 'changes-lost', why, keys }, opened)
  host.development?.lost(why, keys)
}
