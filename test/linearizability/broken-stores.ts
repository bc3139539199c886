/** Stores that break the contract in one point each, as real ones have. */

import { setImmediate } from 'node:timers/promises'
import type { Row, Store, Swap } from '../../src/backends/stored/store.ts'
import type { Answer, Call } from './history.ts'
import { execute, type State } from './model.ts'

/** Keeps rows in a map; each call is executed some turns of the loop after it was made. */
export function soundStore(): Store {
  return storeOf((states, key, call) => {
    const { state, answer } = execute(states.get(key) ?? 'nothing', call)
    states.set(key, state)
    return answer
  })
}

type States = Map<string, State>
type Execute = (states: States, key: string, call: Call) => Answer | Promise<Answer>

function storeOf(execute: Execute): Store {
  const states: States = new Map()
  const send = async (key: string, call: Call): Promise<Answer> => {
    await someTurns()
    const answer = await execute(states, key, call)
    await someTurns()
    return answer
  }
  return {
    read: async (key) => {
      const row = (await send(key, { verb: 'read' })) as Row | null
      return row && { ...row, epoch: 0, isListed: true }
    },
    insert: async (key, row) => (await send(key, { verb: 'insert', row })) as boolean,
    swap: async (key, ifWrite, row) => (await send(key, { verb: 'swap', ifWrite, row })) as Swap,
    touch: async (key, expiresAt) => (await send(key, { verb: 'touch', expiresAt })) as boolean,
    remove: async (key) => (await send(key, { verb: 'remove' })) as boolean,
  }
}

async function someTurns(): Promise<void> {
  for (let turns = Math.random() * 3; turns > 0; turns--) await setImmediate()
}

/** The sound one, save for that verb: its new state is computed, and put there some turns later. */
function notAtomic(verb: Call['verb']): Store {
  return storeOf(async (states, key, call) => {
    const { state, answer } = execute(states.get(key) ?? 'nothing', call)
    if (call.verb === verb) await someTurns()
    states.set(key, state)
    return answer
  })
}

/** The sound one, save for what an execution leaves or answers. */
function changed(
  change: (call: Call, before: State, after: State, answer: Answer) => [State, Answer],
): Store {
  return storeOf((states, key, call) => {
    const before = states.get(key) ?? 'nothing'
    const { state, answer } = execute(before, call)
    const [left, told] = change(call, before, state, answer)
    states.set(key, left)
    return told
  })
}

export const BROKEN: Record<string, () => Store> = {
  'inserts after it has looked': () => notAtomic('insert'),
  'swaps after it has looked': () => notAtomic('swap'),
  'touches after it has looked': () => notAtomic('touch'),
  'removes after it has looked': () => notAtomic('remove'),

  'leaves no tombstone': () =>
    changed(({ verb }, _, after, answer) => [verb === 'remove' ? 'nothing' : after, answer]),

  'leaves no tombstone where there was nothing': () =>
    changed(({ verb }, before, after, answer) => [
      verb === 'remove' && before === 'nothing' ? before : after,
      answer,
    ]),

  'lowers the end by a touch': () =>
    changed((call, before, after, answer) =>
      call.verb === 'touch' && typeof before !== 'string'
        ? [{ ...before, expiresAt: call.expiresAt }, answer]
        : [after, answer],
    ),

  'forgets that a swap has won before': () =>
    changed((call, before, after, answer) =>
      call.verb === 'swap' && typeof before !== 'string' && call.ifWrite !== before.write
        ? [before, { won: false, newest: before }]
        : [after, answer],
    ),

  'tells losers the row of the last read': () => {
    let stale: Row | null = null
    return changed((call, _, after, answer) => {
      if (call.verb === 'read') stale = answer as Row | null
      const lost = call.verb === 'swap' && !(answer as Swap).won
      return [after, lost ? { won: false, newest: stale } : answer]
    })
  },

  'has a copy for reads that lags behind': () => {
    const copies = new Map<string, Row>()
    return changed((call, before, after, answer) => {
      if (call.verb !== 'read' || typeof before === 'string') return [after, answer]
      const copy = copies.get(before.body.split(' ')[0] ?? '') ?? before
      copies.set(before.body.split(' ')[0] ?? '', before)
      return [after, copy]
    })
  },
}
