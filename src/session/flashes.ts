/** Flash messages of one request: added for the next page; returned, then removed. */

import { asFlash, type Flash, waitingItems } from '../record/record.ts'
import type { Markup } from '../record/text/values.ts'
import { checkedList, checkFlash } from './explain/misuse.ts'
import { note, refuseFrozen, type State } from './state.ts'

const FLASHES = "flashes({ categories: ['error'] })"

/** Adds a message for the visitor's next page. @throws ERR_VALUE_UNSUPPORTED; as `refuseFrozen` */
export function noteFlash(state: State, message: string | Markup, category: string): void {
  refuseFrozen(state, 'flash()')
  const { development, backend } = state.host
  const { layout } = backend
  checkFlash(message, category)
  development?.flashed(message, category)
  const item = layout.flashItem(category, message)
  layout.codec.encode(item, 'flash')
  note(state, 'flash()', { do: 'flash', item })
}

/**
 * Returns the waiting messages, optionally of some categories, and removes them from the session.
 *
 * Removes only the returned messages. With Flask's preset the first call removes all, as in Flask.
 *
 * @throws ERR_OPTION_INVALID; as `refuseFrozen`
 */
export function showFlashes(state: State, options: { categories?: readonly string[] }): Flash[] {
  const categories = checkedList(options, 'categories', FLASHES)
  const isFirst = state.waiting === undefined
  const selected = waitingFlashes(state).filter(
    ({ flash }) => !categories || categories.includes(flash.category),
  )
  const fresh = selected.filter((item) => !item.shown)
  // Does not remove them: this response cannot set the cookie without them.
  if (state.readOnly !== undefined) return selected.map(({ flash }) => ({ ...flash }))
  if (state.host.consumesAllFlashes) {
    // Like Flask's `session.pop("_flashes")`: once, and whatever it contains.
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
