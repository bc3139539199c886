/** Flash messages as one request sees them: the same each time, and gone once shown. */

import { asFlash, type Flash, waitingItems } from '../record/record.ts'
import { note, type State } from './state.ts'

/**
 * The waiting messages, of some categories if any are named, and notes that they are gone.
 *
 * Outside Flask's preset exactly those that are shown are consumed; there the first call consumes
 * all, shown or not.
 */
export function showFlashes(state: State, categories: readonly string[] | undefined): Flash[] {
  const isFirst = state.waiting === undefined
  const selected = waitingFlashes(state).filter(
    ({ flash }) => !categories || categories.includes(flash.category),
  )
  const fresh = selected.filter((item) => !item.shown)
  // They wait on for a response that can say they were shown.
  if (state.readOnly !== undefined) return selected.map(({ flash }) => ({ ...flash }))
  if (state.host.consumesAllFlashes) {
    // Flask's `session.pop("_flashes")`, once: whatever is in it.
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

/** The messages that were waiting when this request first asked. */
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
