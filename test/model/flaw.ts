/** The flaws that a store may have: each is a part of the contract left out. */

/** What a simpler contract would leave out. */
export type Flaw =
  /** A version number: a swap that has won already is told that it lost. */
  | 'no-write-ids'
  /** A removed key is free at once. */
  | 'no-tombstones'
  /** A swap inserts where nothing is. */
  | 'upsert'
  /** A touch that is executed late takes time away again. */
  | 'touch-lowers'
  /** A login is admitted whatever its epoch. */
  | 'admits-any-epoch'
  /** `keep` extends a list, and puts no key back. */
  | 'keep-does-not-heal'
  /** `keep` puts a key back whatever its epoch. */
  | 'keeps-any-epoch'
  /** A revocation adds one to the epoch each time it is executed. */
  | 'revoke-adds'
  /** A revocation that is executed late lowers the epoch again. */
  | 'revoke-lowers'
  /** The session that a revocation excepts is not stored. */
  | 'no-exception'
  /** A revocation, or a removal, that needs space. */
  | 'revoke-needs-space'
  | 'remove-needs-space'
