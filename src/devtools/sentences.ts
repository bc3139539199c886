/** What each outcome means and what to do about it, one sentence each, for the inspector. */

import type { Rejection } from '../backends/backend.ts'
import type { OpenMessage } from '../session/explain/channel-messages.ts'
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
    'The signature is right, but the content cannot be read: another program signs with the same secret. Give each program a secret of its own.',
  expired:
    'The idle timeout has passed since the last request, so the visitor is anonymous. If that is too soon, set a longer lifetime.idle.',
  'expired-absolute':
    'The absolute timeout has passed since the session began, so the visitor is anonymous. If that is too soon, set a longer lifetime.absolute.',
  future:
    'The session was signed in the future: the clocks of two servers differ. Synchronize them (NTP).',
  gone: 'The store has no session of this id: it was ended, has expired, or the store was emptied. After a logout that is right; otherwise look whether this is the right store.',
  revoked: "The user's sessions were revoked after this login. The visitor has to sign in again.",
  superseded:
    'The id is from before a login a moment ago, sent by a concurrent request. That request is anonymous; the next one has the new id.',
  replayed:
    'The id was renewed, and the old one was sent again: somebody may have stolen the cookie, or the browser never received the new one. The old id is not accepted.',
  corrupt:
    'The row in the store was not written by this library. Look which other program writes to this store, or whether the option tags lacks a tag.',
}

/** What became of a cookie that this app was given. `sent`: how many of the name there were. */
export function says(
  opened: OpenMessage | undefined,
  sent: number,
  session: { readonly isNew: boolean } | undefined,
): string {
  const { outcome = 'failed', reason, code } = opened ?? {}
  if (outcome === 'valid') return 'The session is valid.'
  if (outcome === 'failed') return notOpened(code)
  if (session?.isNew === false) return FORMER
  if (outcome === 'rejected' && reason) return REJECTIONS[reason]
  return sent === 0 ? NO_COOKIE : NOT_READ
}

const NO_COOKIE =
  'This browser sent no session cookie: nothing was saved yet, or the browser did not store it (a Secure cookie over plain HTTP, another host name, another path).'
const NOT_READ = 'This app reads no session from it: the cookie has another name.'
const FORMER =
  'The session is one of a former side (option formerly). The next request that uses the session moves it here.'

/** What a request came with whose cookie was not accepted. */
export function notAccepted(reason: Rejection | undefined): string {
  return `A request came with a session cookie that was not accepted${reason ? ` (${reason})` : ''}.`
}

/** That a session could not be opened. Nobody becomes anonymous by that. */
export function notOpened(code: string | undefined): string {
  return `The session could not be opened (${code ?? 'UNKNOWN'}). No visitor became anonymous by that.`
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
    says: `${guard} refused the request (${code}), and nothing handled it: an await is missing, or the framework does not handle errors of async handlers (Express 4). The visitor got the refusal.`,
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
    says: 'A Secure cookie was sent over plain HTTP, where browsers drop it (some accept it on localhost). Set NODE_ENV=development on your own machine, and use HTTPS elsewhere.',
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
