/** Flash messages of one request: returned, then removed from the session. */

import { asFlash, type Flash, waitingItems } from '../record/record.ts'
import { note, type State } from './state.ts'

/**
 * Returns the waiting messages, optionally of some categories, and removes them from the session.
 *
 * Only the returned messages are removed. As in Flask, its preset removes all with the first call.
 */
export function showFlashes(state: State, categories: readonly string[] | undefined): Flash[] {
  const isFirst = state.waiting === undefined
  const selected = waitingFlashes(state).filter(
    ({ flash }) => !categories || categories.includes(flash.category),
  )
  const fresh = selected.filter((item) => !item.shown)
  // Not removed: this response cannot set the cookie that would say so.
  if (state.readOnly !== undefined) return selected.map(({ flash }) => ({ ...flash }))
  if (state.host.consumesAllFlashes) {
    // As Flask's `session.pop("_flashes")`, once, whatever it contains.
    const { names } = state.host.backend.layout
    if (isFirst && state.record.meta.has(names.flashes)) {
      note(state, 'flashes()', { do: 'consume', shown: 'all' })
    }
  } else if (fresh.length > 0) {
    note(state, 'flashes()', { do: 'consume', shown: fresh.map(({ text }) => text) })
  }
  for (const item of fresh) item.shown = true
  return selected.map(({ flash }) => ({ ...flash }))
}

/** The messages that were waiting when `flashes()` was first called in this request. */
function waitingFlashes(state: State): NonNullable<State['waiting']> {
  const { layout } = state.host.backend
  state.waiting ??= waitingItems(state.record, layout).flatMap((item) => {
    const flash = asFlash(item)
    return flash
      ? { flash, text: layout.codec.encode(item, layout.names.flashes), shown: false }
      : []
  })
  return state.waiting
}
