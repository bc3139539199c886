/** What each outcome means and what to do about it, one sentence each, for the inspector. */

import type { Rejection } from '../backends/backend.ts'
import type { SessionEvent } from '../session/explain/events.ts'

/** How much attention an entry deserves. */
export type Tone = 'fine' | 'note' | 'alarm'

/** What an outcome means. */
export interface Sentence {
  readonly tone: Tone
  readonly says: string
}

/** Why a cookie was not accepted, for the visitor's developer. */
export const REJECTIONS: Readonly<Record<Rejection, string>> = {
  malformed:
    'The cookie is not in our format. Another program on this host may use the same cookie name (ports do not separate cookies): set cookie.name.',
  signature:
    'The signature does not match: the cookie was changed, or signed with another secret. Is the secret new on each start, or different on another server?',
  'unknown-key':
    'The cookie is encrypted under a secret that is not configured here. Is the secret new on each start, or different on another server?',
  payload:
    'The signature is right, but the content cannot be read: another program signs with the same secret.',
  expired: 'The idle timeout has passed since the last request. The visitor is anonymous.',
  'expired-absolute': 'The absolute timeout has passed since the login. The visitor is anonymous.',
  future: 'The session begins in the future: the clocks of two servers differ.',
  gone: 'The store has no session of this id: it was ended, has expired, or the store was emptied.',
  revoked: "The user's sessions were revoked after this login.",
  superseded: 'The id is from before a login a moment ago, sent by a concurrent request.',
  replayed: 'The id was renewed since. Somebody may have stolen the cookie.',
  corrupt: 'The row in the store was not written by this library.',
}

type Type = SessionEvent['type']
type EventOf<Kind extends Type> = Extract<SessionEvent, { type: Kind }>

const EVENTS: { readonly [Kind in Type]: (event: EventOf<Kind>) => Sentence } = {
  rejected: ({ reason }) => ({ tone: 'alarm', says: REJECTIONS[reason] }),
  duplicates: ({ count, verified }) => ({
    tone: 'note',
    says: `${count} cookies of this name were sent, ${verified} of them valid: one was set with another Domain or Path. The newest is used.`,
  }),
  'old-secret': ({ key }) => ({
    tone: 'note',
    says: `The session was saved under previous secret ${key}. It is rewritten under the current one.`,
  }),
  'csrf-refused': ({ why }) => ({ tone: 'alarm', says: CSRF[why] }),
  'guard-unheeded': ({ guard, code }) => ({
    tone: 'alarm',
    says: `${guard} refused the request (${code}), and nothing handled it: an await is missing. The visitor got the refusal.`,
  }),
  'handler-failed': ({ code }) => ({
    tone: 'alarm',
    says: `A handler threw an error (${code}) that nothing handled. The visitor got status 500.`,
  }),
  created: () => ({ tone: 'fine', says: 'A visitor without a session gets a first cookie.' }),
  moved: ({ from, left = [] }) => ({
    tone: left.length > 0 ? 'alarm' : 'fine',
    says: [
      `A session of '${from}' was moved here.`,
      ...(left.length > 0 ? [`Not stored: ${left.join(', ')}.`] : []),
    ].join(' '),
  }),
  'move-failed': ({ from, code }) => ({
    tone: 'alarm',
    says: `A session of '${from}' could not be moved (${code}). The next visit tries again.`,
  }),
  'former-failed': ({ from, code }) => ({
    tone: 'note',
    says: `The session is saved, but its former one of '${from}' could not be ended or written (${code}).`,
  }),
  login: () => ({ tone: 'fine', says: 'Signed in. The session has a new id.' }),
  logout: () => ({ tone: 'fine', says: 'Signed out. The session has ended.' }),
  regenerate: () => ({ tone: 'fine', says: 'The session has a new id, and the same data.' }),
  'commit-failed': ({ code, largest = [] }) => ({
    tone: 'alarm',
    says: [
      `The session could not be saved (${code}), and the response became an error.`,
      ...largest.map(({ key, bytes }) => `${key}: ${bytes} bytes.`),
    ].join(' '),
  }),
  'set-cookie-replaced': () => ({
    tone: 'note',
    says: 'The app had set a cookie of this name itself. The one of the session was sent instead.',
  }),
  'changes-lost': ({ why, keys }) => ({
    tone: 'alarm',
    says: `Not saved: ${keys.join(', ')}. ${LOSSES[why]}`,
  }),
  insecure: () => ({
    tone: 'alarm',
    says: 'A Secure cookie was sent over plain HTTP, where browsers drop it. Set NODE_ENV=development on your own machine, and use HTTPS elsewhere.',
  }),
  'opened-late': () => ({
    tone: 'note',
    says: 'The session was first opened after the response headers were sent. It can only be read, and Vary: Cookie is missing.',
  }),
  'invalid-data': ({ key = 'The data', why }) => ({
    tone: 'alarm',
    says: `${key} is not what the schema accepts: ${why}`,
  }),
  'open-failed': ({ code }) => ({
    tone: 'alarm',
    says: `The store failed, so the session could not be opened (${code}).`,
  }),
  replayed: () => ({
    tone: 'alarm',
    says: 'A session id was sent again after it had been renewed: perhaps a stolen cookie.',
  }),
  revoked: ({ existed }) => ({
    tone: 'fine',
    says: existed ? 'A session was revoked.' : 'There was no such session to revoke.',
  }),
  'user-revoked': ({ count }) => ({
    tone: 'fine',
    says: `${count} sessions of a user were revoked.`,
  }),
  'all-revoked': ({ count }) => ({ tone: 'note', says: `All ${count} sessions were revoked.` }),
  'user-erased': ({ count }) => ({
    tone: 'note',
    says: `A user was erased from the store, with ${count} sessions.`,
  }),
  'revocation-failed': ({ call, code }) => ({ tone: 'alarm', says: `${call}() failed: ${code}.` }),
  'removal-dropped': () => ({
    tone: 'alarm',
    says: 'A session that was ended stays valid until it expires: the store did not confirm its removal.',
  }),
  'store-finding': ({ finding }) => ({ tone: 'note', says: finding }),
  'flashes-dropped': ({ count }) => ({
    tone: 'note',
    says: `${count} flash messages that nobody had read were dropped: they did not fit.`,
  }),
  overwrote: ({ key }) => ({
    tone: 'alarm',
    says: `A change inside "${key}" overwrote what a concurrent request had written (lost update). Use session.update().`,
  }),
  'login-mismatch': ({ ended }) => ({
    tone: 'alarm',
    says: `A login was presented from another address or browser than its own (Flask-Login's session protection). ${
      ended ? 'The visitor was signed out.' : 'It is no longer fresh.'
    }`,
  }),
  'ended-meanwhile': () => ({
    tone: 'note',
    says: 'Another request ended the session while this one ran. This one had nothing to save.',
  }),
  renewed: () => ({ tone: 'fine', says: 'The session has a new id.' }),
  evicted: ({ count }) => ({
    tone: 'note',
    says: `A login ended ${count} older sessions of the user (maxSessionsPerUser).`,
  }),
  'touch-failed': () => ({
    tone: 'note',
    says: 'A visit could not extend the session. The next one tries again.',
  }),
}

const CSRF: Readonly<Record<EventOf<'csrf-refused'>['why'], string>> = {
  'cross-site': 'A request from another site was refused (Sec-Fetch-Site).',
  origin: 'A request was refused: its Origin is not this host. See the option trustedOrigins.',
  token: 'A request was refused: its CSRF token is missing or wrong. Is it in the form as _csrf?',
}

const LOSSES: Readonly<Record<EventOf<'changes-lost'>['why'], string>> = {
  'after-response': 'It was changed after the response headers were sent.',
  'no-set-cookie': 'The response has status 101 and cannot set a cookie.',
  'not-committed': 'The session of sessions.open() was not committed.',
}

/** What an event means. */
export function sentenceOf(event: SessionEvent): Sentence {
  // The table has the right function for each type; the compiler cannot follow that.
  const say = EVENTS[event.type] as ((event: SessionEvent) => Sentence) | undefined
  return say?.(event) ?? { tone: 'note', says: event.type }
}
