/** Knows what must never be shown, and looks for any piece of it in what was. */

import { inspect } from 'node:util'

/** What must not be shown. An id's selector may be: it is the handle of logs and device lists. */
export type Kind = 'secret' | 'cookie' | 'value' | 'password'

/** A piece of something secret, found where it does not belong. */
export interface Leak {
  readonly kind: Kind
  /** Where it was seen. */
  readonly where: string
  /** The line around it. */
  readonly line: string
}

/** Learns what is secret, and what was shown. Both as they come: a cookie may be known too late. */
export interface Canary {
  learn(kind: Kind, text: string): void
  /** Takes note of something shown; a function is asked only when it is looked for leaks. */
  shown(where: string, text: string): void
  /** Takes note of an error, which may still be given its cause. */
  thrown(error: Error): void
  leaks(): Leak[]
  /** Begins again. */
  forget(): void
  readonly counts: { learned: number; shown: number; errors: number }
}

/** As many characters of a secret as are enough to tell it from anything else. */
const WINDOW = 16
/** Windows begin at each multiple of this: any piece of 23 characters holds a whole one. */
const STEP = 8
/** What is longer is known by both ends: the signature is at one, the beginning of the data at the other. */
const ENDS = 96
/** So many are known, the first and the latest: some tests make a million. */
const MOST = 5000
const MOST_LINES = 200_000
const MOST_ERRORS = 400

// A line of a stack names a place in a file, and a test's secret may be named after the file.
const FRAME = /^\s+at .*:\d+:\d+\)?(?:,| \{)?$/

/** Makes one. */
export function canary(): Canary {
  const first: [Kind, string][] = []
  const latest: [Kind, string][] = []
  const passwords = new Set<string>()
  const lines = new Map<string, string>()
  const errors: Error[] = []
  const counts = { learned: 0, shown: 0, errors: 0 }

  function add(kind: Kind, text: string): void {
    counts.learned += 1
    // A copy: a slice would keep the whole of a long text in memory.
    const entry: [Kind, string] = [kind, Buffer.from(text, 'utf8').toString('utf8')]
    if (first.length < MOST) first.push(entry)
    else latest[counts.learned % MOST] = entry
  }

  function show(where: string, text: string): void {
    counts.shown += 1
    for (const line of text.split('\n')) {
      if (lines.size < MOST_LINES && !lines.has(line) && !FRAME.test(line)) lines.set(line, where)
    }
  }

  return {
    counts,
    learn(kind, text) {
      if (kind === 'password') passwords.add(text)
      else if (text.length <= 2 * ENDS) add(kind, text)
      else for (const end of [text.slice(0, ENDS), text.slice(-ENDS)]) add(kind, end)
    },
    shown: show,
    thrown(error) {
      counts.errors += 1
      if (errors.length < MOST_ERRORS) errors.push(error)
      // The rest by what is there already; an error is given its cause later.
      else show('an error', error.message)
    },
    leaks() {
      for (const error of errors) for (const text of faces(error)) show('an error', text)
      const windows = windowsOf([...first, ...latest.filter(Boolean)])
      return [...lines].flatMap(([line, where]) => {
        const kind = leakedIn(line, windows, passwords)
        return kind ? [{ kind, where, line: line.slice(0, 400) }] : []
      })
    },
    forget() {
      for (const list of [first, latest, errors]) list.length = 0
      for (const known of [passwords, lines]) known.clear()
      Object.assign(counts, { learned: 0, shown: 0, errors: 0 })
    },
  }
}

/** All that can be seen of something by whoever logs it: an error with its whole chain of causes. */
export function faces(thing: unknown): string[] {
  const seen = new Set<unknown>()
  const texts: string[] = []
  const queue = [thing]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen.has(next)) continue
    seen.add(next)
    texts.push(...facesOfOne(next))
    if (next instanceof Error) queue.push(next.cause, ...((next as AggregateError).errors ?? []))
  }
  return texts
}

function facesOfOne(thing: unknown): string[] {
  const text = attempt(() => String(thing))
  const json = attempt(() => JSON.stringify(thing) ?? '')
  const shown = attempt(() =>
    inspect(thing, { showHidden: true, depth: Infinity, maxStringLength: null }),
  )
  if (!(thing instanceof Error)) return [text, json, shown]
  return [text, json, shown, thing.message, String(thing.stack), JSON.stringify(thing.name)]
}

function attempt(show: () => string): string {
  try {
    return show()
  } catch {
    return ''
  }
}

function windowsOf(learned: readonly [Kind, string][]): Map<string, Kind> {
  const windows = new Map<string, Kind>()
  for (const [kind, text] of learned) {
    for (let at = 0; at + WINDOW <= text.length; at += STEP) note(text.slice(at, at + WINDOW))
    if (text.length >= WINDOW) note(text.slice(-WINDOW))
    function note(window: string): void {
      // What repeats few characters, as a test's padding does, could be anything.
      if (new Set(window).size >= 8) windows.set(window, kind)
    }
  }
  return windows
}

function leakedIn(
  line: string,
  windows: ReadonlyMap<string, Kind>,
  passwords: ReadonlySet<string>,
): Kind | undefined {
  for (const password of passwords) if (line.includes(password)) return 'password'
  for (let at = 0; at + WINDOW <= line.length; at++) {
    const kind = windows.get(line.slice(at, at + WINDOW))
    if (kind) return kind
  }
  return undefined
}
