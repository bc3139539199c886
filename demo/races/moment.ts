/** A moment between a request's read and its write, in which the race can hold requests. */

/** Holds requests once it is armed; else they pass at once. */
export interface Moment {
  /** Where it is, in words: `'in the handler, between its read and its write'`. */
  readonly where: string
  /** Called by each request in that moment. */
  pass(): Promise<void>
  /** Holds the next requests that come by. */
  hold(count: number): Held
}

/** Requests that are held. */
export interface Held {
  /** Resolved when all of them have read and none has written. */
  readonly arrived: Promise<void>
  release(): void
}

export function momentAt(where: string): Moment {
  let arriving: (() => void) | undefined
  let released = Promise.resolve()
  return {
    where,
    async pass() {
      arriving?.()
      await released
    },
    hold(count) {
      let waiting = count
      let release = () => {}
      released = new Promise((resolve) => (release = resolve))
      const arrived = new Promise<void>((resolve) => {
        arriving = () => {
          if (--waiting === 0) resolve()
        }
      })
      return {
        arrived,
        release() {
          arriving = undefined
          released = Promise.resolve()
          release()
        },
      }
    },
  }
}
