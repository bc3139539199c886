/** An event without its context: for tests of what happened, and not of when or to whom. */

import type { EventFacts, SessionEvent } from '../../src/index.ts'

export function factsOf(event: SessionEvent): EventFacts {
  const { at: _, handle: __, userId: ___, requestId: ____, ...facts } = event
  return facts as EventFacts
}
