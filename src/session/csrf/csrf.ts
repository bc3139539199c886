/** CSRF protection: by the headers Sec-Fetch-Site and Origin, otherwise by a token. */

import { SessionError } from '../../base/errors.ts'
import { backgroundTimer, type Maybe } from '../../base/ports.ts'
import { isThenable } from '../../base/realm.ts'
import { authenticator } from '../../crypto/signed.ts'
import { type Layout, type SessionRecord, userIdOf } from '../../record/record.ts'
import type { Emit } from '../explain/emitter.ts'
import type { Development } from '../development/development.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import { originVerdict, type OwnSite } from './request-origin.ts'
import type { CsrfRefusal } from '../explain/events.ts'

/**
 * The CSRF token of a form, or a function that returns it: called only if the headers do not decide.
 * A promise that does not settle within five minutes counts as no token.
 */
export type GivenToken = string | undefined | (() => Maybe<string | undefined>)

/** The part of a request's session that the CSRF check uses. */
export interface RequestSession {
  readonly opened: {
    readonly record: SessionRecord | undefined
    readonly handle?: string | undefined
  }
  /** The error of the store, with `onUnavailable: 'anonymous-readonly'`. */
  readonly unavailable: SessionError | undefined
}

/** The CSRF protection of one `createSessions`. */
export interface Csrf {
  /**
   * The CSRF token of a session: a signature over its random nonce, its creation and its user, so
   * that a login changes it. It is computed on each call and saved nowhere.
   *
   * @throws ERR_CSRF_UNSUPPORTED if the layout has no nonce, as those of all other libraries.
   */
  tokenOf(record: SessionRecord): string
  /**
   * Returns if the request may pass, otherwise throws. Opens the session only if the headers do not
   * decide.
   *
   * @throws ERR_CSRF (403); ERR_STORE_UNAVAILABLE (503) if the token could not be compared.
   */
  check(facts: RequestFacts, open: () => Maybe<RequestSession>, token: GivenToken): Promise<void>
}

/** What `csrfProtection` takes. */
export interface CsrfSettings extends OwnSite {
  /** The keys for CSRF tokens: the first signs, all verify. */
  readonly keys: readonly Uint8Array[]
  readonly layout: Layout
  readonly emit: Emit
  readonly development: Development | undefined
}

/** Makes the CSRF protection. */
export function csrfProtection({ keys, layout, emit, development, ...site }: CsrfSettings): Csrf {
  const tokens = authenticator(keys, 'sha256')

  function refuse(why: CsrfRefusal, opened?: RequestSession['opened']): never {
    emit({ type: 'csrf-refused', why }, opened)
    development?.csrfRefused(why)
    throw new SessionError('ERR_CSRF')
  }

  function isTokenOf(record: SessionRecord, given: unknown): boolean {
    const text = signedText(record, layout)
    return (
      text !== undefined && typeof given === 'string' && tokens.verify(text, given) !== undefined
    )
  }

  return {
    tokenOf(record) {
      const text = signedText(record, layout)
      if (text === undefined) throw new SessionError('ERR_CSRF_UNSUPPORTED')
      return tokens.sign(text)
    },
    async check(facts, open, token) {
      const verdict = originVerdict(facts, site)
      if (verdict === 'passes') return
      if (verdict === 'cross-site' || verdict === 'origin') refuse(verdict)
      const { opened, unavailable } = await open()
      if (unavailable) throw unavailable
      const { record } = opened
      // Not a browser, and there is no session that another site could misuse.
      if (verdict === 'silent' && !record) return
      const given =
        facts.header('x-csrf-token') ?? (typeof token === 'function' ? await inTime(token) : token)
      if (!record || !isTokenOf(record, given)) refuse('token', opened)
    },
  }
}

/** How long the token may take, in milliseconds: as long as Node's `requestTimeout`. */
const LONGEST_TOKEN = 300_000

/** The token; none if the function does not settle in time, because the response would wait forever. */
function inTime(token: () => Maybe<string | undefined>): Maybe<string | undefined> {
  const given = token()
  if (!isThenable(given)) return given
  return new Promise((resolve, reject) => {
    const cancel = backgroundTimer(() => resolve(undefined), LONGEST_TOKEN)
    void Promise.resolve(given).finally(cancel).then(resolve, reject)
  })
}

/** Unambiguous: only the user's id, at the end, can contain a dot. */
function signedText(record: SessionRecord, layout: Layout): string | undefined {
  const { created, nonce } = record.stamp
  if (nonce === undefined) return undefined
  return `${nonce}.${created ?? ''}.${userIdOf(record, layout) ?? ''}`
}
