/** Calls another library's store with a deadline, one call at a time for each session. */

import type { Timer } from '../../base/ports.ts'
import { notSent, refusal, tooLate } from '../stored/store-errors.ts'
import type { ForeignStore } from './foreign-store.ts'

/** Makes a store whose calls fail with ERR_STORE_UNAVAILABLE after the deadline. */
export function withDeadline(
  store: ForeignStore,
  { deadline, timer }: { deadline: number; timer: Timer },
): ForeignStore {
  function within<Answer>(verb: string, act: () => Promise<Answer>, sent?: unknown) {
    return new Promise<Answer>((resolve, reject) => {
      const cancel = timer(() => reject(tooLate(verb, deadline)), deadline)
      const fail = (error: unknown) => {
        cancel()
        reject(refusal(verb, error, sent))
      }
      const succeed = (answer: Answer) => {
        cancel()
        resolve(answer)
      }
      try {
        act().then(succeed, fail)
      } catch (error) {
        fail(error)
      }
    })
  }

  return {
    engine: store.engine,
    read: (id) => within('read', () => store.read(id)),
    insert: (id, entry) => within('insert', () => store.insert(id, entry), entry.text),
    replace: (id, entry, before) =>
      within('save', () => store.replace(id, entry, before), [entry.text, before.text]),
    remove: (id) => within('remove', () => store.remove(id)),
    ...(store.touch && {
      touch: (id, entry, before) =>
        within('touch', () => store.touch!(id, entry, before), entry.text),
    }),
  }
}

/**
 * Makes the queues: in this process, one commit of a session runs at a time.
 *
 * Without compare-and-swap, this is what prevents lost updates between the requests of one process.
 * Work that waits for longer than the deadline is not done: if the store hangs, each of a visitor's
 * requests would otherwise wait for all earlier ones.
 */
export function sessionQueues({ deadline, timer }: { deadline: number; timer: Timer }) {
  const last = new Map<string, Promise<unknown>>()

  function after<Result>(before: Promise<unknown>, work: () => Promise<Result>) {
    return new Promise<Result>((resolve, reject) => {
      let isLate = false
      const cancel = timer(() => {
        isLate = true
        reject(notSent('save', `earlier requests of this session took over ${deadline} ms`))
      }, deadline)
      void before.then(() => {
        cancel()
        if (!isLate) work().then(resolve, reject)
      })
    })
  }

  return function inTurn<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    const before = last.get(id)
    const running = before ? after(before, work) : work()
    // Wait for both: if `running` gave up, `before` may still be running.
    const settled = Promise.allSettled([before, running])
    last.set(id, settled)
    void settled.then(() => last.get(id) === settled && last.delete(id))
    return running
  }
}
