/** The timeline of the inspector: the last messages of the diagnostics channels, as sentences. */

import { COMMITS, EVENTS, OPENS, WARNINGS } from '../base/channels.ts'
import { subscribe } from '../base/subscribe.ts'
import type {
  CommitMessage,
  EventMessage,
  OpenMessage,
  WarningMessage,
} from '../session/explain/channel-messages.ts'
import { notAccepted, notOpened, type Sentence, sentenceOf } from './sentences.ts'

/** One line of the timeline. */
export interface Entry extends Sentence {
  /** Counts up from 1. */
  readonly id: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: 'open' | 'commit' | 'event' | 'warning'
  readonly title: string
  readonly handle?: string | undefined
  readonly requestId?: string | undefined
  /** In milliseconds. */
  readonly took?: number | undefined
}

/** The timeline of one app's sessions. */
export interface Timeline {
  /** The last entries, the oldest first. */
  entries(): readonly Entry[]
  /** Calls `listener` for each new entry; returns what ends that. */
  follow(listener: (entry: Entry) => void): () => void
}

/** So many entries are kept. */
const MOST_ENTRIES = 300

type Draft = Omit<Entry, 'id'>

/**
 * Follows the sessions of one cookie name.
 *
 * @param isOwn whether what runs now is the inspector itself, which is not shown.
 */
export function timelineOf(cookieName: string, isOwn: () => boolean): Timeline {
  const kept: Entry[] = []
  const listeners = new Set<(entry: Entry) => void>()
  let last = 0

  function add(draft: Draft): void {
    const entry = { ...draft, id: ++last }
    kept.push(entry)
    if (kept.length > MOST_ENTRIES) kept.shift()
    for (const listener of listeners) listener(entry)
  }

  function when<Message extends { cookieName: string }>(draftOf: (message: Message) => Draft) {
    return (message: Message) => {
      if (message.cookieName === cookieName && !isOwn()) add(draftOf(message))
    }
  }

  subscribe(EVENTS, when(draftOfEvent))
  subscribe(WARNINGS, when(draftOfWarning))
  subscribe(OPENS.end, when(draftOfOpen))
  subscribe(COMMITS.end, when(draftOfCommit))
  return {
    entries: () => [...kept],
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function draftOfEvent({ event }: EventMessage): Draft {
  const { at, handle, requestId, type } = event
  return { kind: 'event', title: type, at, handle, requestId, ...sentenceOf(event) }
}

/** What the console says, too; there once for each cause. A warning has no time of its own. */
function draftOfWarning({ line }: WarningMessage): Draft {
  return { kind: 'warning', title: 'warning', at: Date.now(), tone: 'note', says: line }
}

function draftOfOpen({ outcome, reason, code, duration, ...rest }: OpenMessage): Draft {
  const says = {
    valid: 'A request opened a valid session.',
    none: 'A request came without a session cookie.',
    rejected: notAccepted(reason),
    failed: notOpened(code),
  }[outcome ?? 'failed']
  const tone = outcome === 'failed' ? 'alarm' : outcome === 'rejected' ? 'note' : 'fine'
  return { kind: 'open', title: `open: ${outcome}`, tone, says, took: duration, ...shared(rest) }
}

function draftOfCommit(message: CommitMessage): Draft {
  const { outcome, changed, setsCookie, code, duration, ...rest } = message
  const cookie = setsCookie ? ' The response sets the cookie.' : ''
  const what = changed.length > 0 ? `: ${changed.join(', ')}` : ''
  const says = {
    saved: `Saved${what}.${cookie}`,
    renewed: `Nothing was changed; the session was renewed.${cookie}`,
    unchanged: 'Nothing was changed, nothing was saved.',
    failed: `Not saved (${code})${what}.`,
  }[outcome ?? 'failed']
  const tone = outcome === 'failed' ? 'alarm' : 'fine'
  return {
    kind: 'commit',
    title: `commit: ${outcome}`,
    tone,
    says,
    took: duration,
    ...shared(rest),
  }
}

function shared({ at, handle, requestId }: Pick<Entry, 'at' | 'handle' | 'requestId'>) {
  return { at, handle, requestId }
}
