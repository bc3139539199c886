/** Refuses what another site has a visitor's browser send: by its headers, else by a token. */

import { SessionError } from '../../base/errors.ts'
import type { Maybe } from '../../base/ports.ts'
import { authenticator } from '../../crypto/signed.ts'
import {
  createdOf,
  type Layout,
  nonceOf,
  type SessionRecord,
  userIdOf,
} from '../../record/record.ts'
import type { EventListener } from '../explain/events.ts'
import type { Hint } from '../explain/hints.ts'
import type { RequestFacts } from '../../http/request-facts.ts'
import { originVerdict, type OwnSite } from './request-origin.ts'
import type { CsrfRefusal } from '../explain/events.ts'

/** The token that came with a form, or how to find it: asked only where the headers do not decide. */
export type GivenToken = string | undefined | (() => Maybe<string | undefined>)

/** The session a request came with. */
export interface CameWith {
  readonly opened: { readonly record: SessionRecord | undefined }
  /** Why the store did not answer, where the app chose to go on read-only. */
  readonly unavailable: SessionError | undefined
}

/** The protection of one `createSessions`. */
export interface Csrf {
  /**
   * The token of a session: a signature over what tells it from all others since its last login.
   *
   * Derived anew each time, and kept nowhere.
   *
   * @throws ERR_CSRF_UNSUPPORTED where the layout has nothing of the kind, as Flask's.
   */
  tokenOf(record: SessionRecord): string
  /**
   * Lets a request pass, or throws. The session is opened only where the headers do not decide.
   *
   * @throws ERR_CSRF (403); ERR_STORE_UNAVAILABLE (503) if the token could not be compared.
   */
  check(facts: RequestFacts, open: () => Maybe<CameWith>, token: GivenToken): Promise<void>
}

/** What the protection is made of. */
export interface CsrfSettings extends OwnSite {
  /** The keys of this purpose: the first signs, all verify. */
  readonly keys: readonly Uint8Array[]
  readonly layout: Layout
  readonly emit: EventListener
  readonly hint: Hint
}

/** Makes the protection. */
export function csrfProtection({ keys, layout, emit, hint, ...site }: CsrfSettings): Csrf {
  const tokens = authenticator(keys, 'sha256')

  function refuse(why: CsrfRefusal): never {
    emit({ type: 'csrf-refused', why })
    hint(`csrf-${why}`, REFUSED[why])
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
      // No browser, and no session that could be misused.
      if (verdict === 'silent' && !record) return
      const given =
        facts.header('x-csrf-token') ?? (typeof token === 'function' ? await token() : token)
      if (!record || !isTokenOf(record, given)) refuse('token')
    },
  }
}

/** Unambiguous: only the user's id, at the end, can have a dot in it. */
function signedText(record: SessionRecord, layout: Layout): string | undefined {
  const nonce = nonceOf(record, layout)
  if (nonce === undefined) return undefined
  return `${nonce}.${createdOf(record, layout) ?? ''}.${userIdOf(record, layout) ?? ''}`
}

const REFUSED: Readonly<Record<CsrfRefusal, string>> = {
  'cross-site':
    'A request was refused because the browser said that another site had sent it (Sec-Fetch-Site: cross-site). If that site is yours, name its origin in trustedOrigins.',
  origin:
    'A request was refused because its Origin is not the host it was sent to. If that origin is yours, or a proxy in front changes the Host header, name the origin in trustedOrigins.',
  token:
    'A request was refused because its headers do not say where it comes from, and it has no CSRF token of this session. Give the form a hidden field _csrf with session.csrfToken(), or send it as x-csrf-token (a visitor without a session has no token: name the page in trustedOrigins, or keep something first); a test may send "sec-fetch-site: same-origin", as browsers do.',
}
