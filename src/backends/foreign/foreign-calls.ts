/** Calls another library's store with a deadline, and one after the other for each session. */

import type { Timer } from '../../base/ports.ts'
import { notSent, refusal, tooLate } from '../stored/store-errors.ts'
import type { ForeignStore } from './foreign-store.ts'

/** A store whose calls settle within the deadline, if need be with ERR_STORE_UNAVAILABLE. */
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
 * Runs the work on one session one after the other, in this process.
 *
 * A store without compare-and-swap loses nothing then between the requests of one process. Work that
 * waits for longer than the deadline is not done: with a store that hangs, each of a visitor's requests
 * would otherwise wait for all before it.
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
    // Of both: those behind one that gave up still wait for what is running.
    const settled = Promise.allSettled([before, running])
    last.set(id, settled)
    void settled.then(() => last.get(id) === settled && last.delete(id))
    return running
  }
}
