/** What a request did to the session, in sentences for the visitor. */

import type { Rejection, SessionEvent } from '../sojourn.ts'
import type { Say, Word } from '../words.ts'
import type { Deed } from './trail.ts'

/** A sentence of the strip. */
export interface Sentence {
  readonly tone: 'fine' | 'alarm'
  readonly says: string
}

const REJECTED: Readonly<Record<Rejection, Word>> = {
  malformed: 'rejectedMalformed',
  signature: 'rejectedSignature',
  'unknown-key': 'rejectedKey',
  payload: 'rejectedPayload',
  expired: 'rejectedExpired',
  'expired-absolute': 'rejectedExpired',
  future: 'rejectedFuture',
  gone: 'rejectedGone',
  revoked: 'rejectedRevoked',
  superseded: 'rejectedSuperseded',
  replayed: 'rejectedReplayed',
  corrupt: 'rejectedPayload',
}

const EVENTS: Readonly<Partial<Record<SessionEvent['type'], Word>>> = {
  created: 'didCreated',
  login: 'didLogin',
  logout: 'didLogout',
  regenerate: 'didRegenerate',
  renewed: 'didRenewed',
  revoked: 'didRevoked',
  'user-revoked': 'didUserRevoked',
  'csrf-refused': 'didCsrfRefused',
  duplicates: 'didDuplicates',
  'ended-meanwhile': 'didEndedMeanwhile',
  'commit-failed': 'didCommitFailed',
}

const ALARMS: readonly SessionEvent['type'][] = ['csrf-refused', 'duplicates', 'commit-failed']

/** Why a cookie was not accepted. */
export function rejectionWord(reason: Rejection): Word {
  return REJECTED[reason]
}

/** What a request did, the first thing first. */
export function sentencesOf({ path, opened, committed, events }: Deed, say: Say): Sentence[] {
  // Two sessions take part: their events read as if one had been signed in and out.
  if (path === '/kind' && committed?.outcome === 'saved') {
    return [{ tone: 'fine', says: say('didMove') }]
  }
  const sentences: Sentence[] = []
  const add = (says: string, tone: Sentence['tone'] = 'fine') => sentences.push({ tone, says })

  if (opened?.outcome === 'rejected' && opened.reason) {
    add(`${say('rejected')}: ${opened.reason}. ${say(REJECTED[opened.reason])}`, 'alarm')
  }
  const isRegenerated = events.some(({ type }) => type === 'regenerate')
  for (const event of events) {
    const word = EVENTS[event.type]
    // regenerate() is told by two events.
    if (word && !(isRegenerated && event.type === 'renewed'))
      add(say(word), ALARMS.includes(event.type) ? 'alarm' : 'fine')
  }
  if (committed?.outcome === 'saved' && committed.changed.length === 0) {
    if (!isRegenerated) add(say('didShow'))
  } else if (committed?.outcome === 'saved') {
    const changed = committed.changed.join(', ')
    add(say(committed.setsCookie ? 'didSaveAndSet' : 'didSave', { changed }))
  } else if (committed?.outcome === 'renewed') add(say('didRenew'))
  else if (committed?.outcome === 'failed') add(say('didNotSave'), 'alarm')
  if (sentences.length === 0) add(say(opened?.outcome === 'valid' ? 'didRead' : 'didNothing'))
  return sentences
}
