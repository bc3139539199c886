/** What the oracle knows of one schedule: who wrote what, what was acknowledged, what is over. */

import type { Row } from '../../src/backends/stored/store.ts'
import type { ModelStore } from './store.ts'

/** One commit of one request: what it stands on, and what it is about to do. */
export interface Attempt {
  readonly name: string
  /** How many rows had changed when it began to read. */
  readonly openedAt: number
  /** The session that was opened, and the hash of the verifier it was opened with. */
  readonly selector: string | undefined
  readonly hash: string | undefined
  /** The login and the user the request saw. */
  readonly login: string | undefined
  readonly user: string | undefined
  /** The key its cookie names, whether or not it opened. */
  readonly presented: string | undefined
  readonly logsIn: { user: string; calledAt: number } | undefined
  readonly logsOut: boolean
  /** The items it wrote before it signed in, and all others. */
  readonly early: readonly string[]
  readonly items: readonly string[]
  /** The flash messages it showed. */
  readonly shown: readonly string[]
  /** The token it spent, as its updater last saw it. */
  spent: string | undefined
}

/** A cookie that has left. */
export interface Cookie {
  readonly selector: string
  readonly hash: string
}

/** A time in which a session had one id. */
export interface Epoch {
  readonly hash: string
  /** The login under which the verifier came, before that write; `undefined` too where it was inserted. */
  readonly login: string | undefined
  readonly isFirst: boolean
  shownAt: number | undefined
}

/** That a user's sessions were revoked. */
export interface Revocation {
  readonly user: string
  readonly calledAt: number
  readonly except: string | undefined
  /** When it was acknowledged, in acknowledgements; never until then. */
  since: number
}

/** What else may end a session. */
export interface Rules {
  readonly grace: number
  readonly limit: unknown
  readonly onReplay: 'report' | 'end'
  /** Whether a session's time is over. */
  isOver(key: string, row: Row): boolean
}

/** What is known. */
export type Facts = ReturnType<typeof factsOf>

/** Begins with nothing. */
export function factsOf() {
  const violations: string[] = []
  return {
    violations,
    fail(what: string): void {
      violations.push(what)
    },
    attempts: new Map<string, Attempt>(),
    /** Who wrote an item, the keys under which it was ever seen, and the user whose it became. */
    writers: new Map<string, Attempt>(),
    seen: new Map<string, Set<string>>(),
    holders: new Map<string, string>(),
    /** Flash messages that somebody saw. */
    shown: new Set<string>(),
    removed: new Set<string>(),
    epochs: new Map<string, Epoch[]>(),
    /** Sessions, and single ids, that are over since that acknowledgement. */
    over: new Map<string, number>(),
    spent: new Map<string, string>(),
    /** When a token was last not there, in changes of rows. */
    unspendable: new Map<string, number>(),
    /** When a session that had run out was written or touched, by what was called before that. */
    revived: new Map<string, number>(),
    refused: [] as Attempt[],
    revocations: [] as Revocation[],
    /** Sessions that somebody may end. */
    mayEnd: new Set<string>(),
    /** Sessions whose end was not confirmed, and is left to the background. */
    removing: new Set<string>(),
    acknowledged: new Map<string, string | undefined>(),
    cookies: new Map<string, Cookie>(),
    store: undefined as ModelStore | undefined,
    /** How many rows have changed, and how many commits and revocations were acknowledged. */
    changes: 0,
    acknowledgements: 0,
  }
}
