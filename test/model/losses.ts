/** What a store loses although it had acknowledged it, and when it has no room left. */

import type { World } from './world.ts'

/** The users of the model. */
export const USERS = ['ann', 'bob']

/** Loses something, or lets the replica catch up. */
export function lost({ chance, settings, store, note, ...world }: World): void {
  const loss = chance.pick(settings.loses)
  switch (loss) {
    case 'room':
      store.state.isFull = !store.state.isFull
      return note(() => `the store is full: ${store.state.isFull}`)
    case 'keys':
    case 'keys and epoch': {
      const owner = chance.pick(USERS)
      note(() => `the store loses the ${loss} of ${owner}`)
      return store.lose(owner, loss)
    }
    case 'lists':
    case 'rows':
    case 'both':
      note(() => `the replica takes over: ${loss}`)
      return store.failOver(world.replica, loss)
  }
}
