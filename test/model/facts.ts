/** What the oracle knows of one schedule: who wrote what, what was acknowledged, what is over. */

import type { Row } from '../../src/backends/stored/store.ts'
import type { ModelStore } from './store.ts'

/** One commit of one request: what it stands on, and what it is about to do. */
export interface Attempt {
  readonly name: string
  /** When it began to read. */
  readonly openedAt: number
  /** The session that was opened, and the hash of the verifier it was opened with. */
  readonly selector: string | undefined
  readonly hash: string | undefined
  /** The login and the user the request saw. */
  readonly login: string | undefined
  readonly user: string | undefined
  /** The key its cookie names, whether or not it opened. */
  readonly presented: string | undefined
  /** Whether that had expired. */
  readonly isExpired: boolean
  /** Whether the store said that its user's list has lost it. */
  readonly isUnlisted: boolean
  /** When the commit was called. */
  readonly calledAt: number
  readonly logsIn: Login | undefined
  readonly logsOut: boolean
  /** The items it wrote before it signed in, and all others. */
  readonly early: readonly string[]
  readonly items: readonly string[]
  /** The flash messages it showed. */
  readonly shown: readonly string[]
  /** The token it spent, as its updater last saw it. */
  spent: string | undefined
}

/** A login, and when it was called and its epoch had been read: in moments of the schedule. */
export interface Login {
  readonly user: string
  readonly calledAt: number
  /** Never, if the read failed. */
  readAt: number
  epoch: number
}

/** A cookie that has left. */
export interface Cookie {
  readonly selector: string
  readonly hash: string
}

/** A time in which a session had one id. */
export interface IdTime {
  readonly hash: string
  /** The login under which the verifier came, before that write; `undefined` too where it was inserted. */
  readonly login: string | undefined
  readonly isFirst: boolean
  /** When it came, by the true clock. */
  readonly at: number
  shownAt: number | undefined
}

/** That a user's sessions were revoked. All times are moments of the schedule. */
export interface Revocation {
  readonly user: string
  readonly except: string | undefined
  readonly calledAt: number
  /** The list was lost in the middle of it: what it excepts may be revoked meanwhile. */
  isLossy: boolean
  /** When it raised the user's epoch, and to what; never on a store that was full. */
  executedAt: number
  /** The same by the true clock. */
  time: number
  epoch: number
  /** The keys that the store returned. */
  keys: readonly string[]
  /** The store has lost its epoch since. */
  isForgotten: boolean
  /** And had lost it at some time. */
  hasBeenLost: boolean
  /** The store has lost its exception since. */
  isExceptLost: boolean
  /** The store had no room for it: a command that is sent again may still store it. */
  isUnmarked: boolean
  /** When it was acknowledged; never until then. */
  since: number
}

/** What else may end a session. */
export interface Rules {
  readonly grace: number
  readonly limit: { readonly most: number }
  readonly onReplay: 'report' | 'end'
  /** How far a process's clock may be ahead or behind, in milliseconds. */
  readonly skew: number
  /** Whether a session's time is over, so many milliseconds from now. */
  isOver(key: string, row: Row, ahead?: number): boolean
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
    ids: new Map<string, IdTime[]>(),
    /** Sessions, and single ids, that are over since that moment. */
    over: new Map<string, number>(),
    spent: new Map<string, string>(),
    /** When a token was last not there. */
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
    /** Keys of which the store has lost what was acknowledged, and those without a tombstone. */
    fellBack: new Set<string>(),
    bare: new Set<string>(),
    /** Users whose lists the store has lost, and the most sessions that a user had at a time. */
    unlisted: new Set<string>(),
    most: new Map<string, number>(),
    store: undefined as ModelStore | undefined,
    /** What happens is counted: rows that change, logins that are called, all that is acknowledged. */
    moment: 0,
  }
}
