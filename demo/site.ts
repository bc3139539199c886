/** What every route shares, and what it learns about the visitor. */

import type { Request } from 'express'
import { html, type Html } from './html.ts'
import type { Kind, Kinds } from './kinds.ts'
import type { Cart } from './shop.ts'
import type { Session, Sessions, StoredSessions } from './sojourn.ts'
import type { Trail, Trails } from './strip/trail.ts'
import type { Todos } from './todos.ts'
import type { User, Users } from './users.ts'
import { type Language, type Say, speaker } from './words.ts'

/** What a visitor's session keeps. Who is signed in is not here: that is `session.userId`. */
export interface Remembered {
  language: Language
  cart: Cart
  views: number
  /** Of the form in the strip that sends two requests at once. */
  clicks: number
}

/** The site. */
export interface Site {
  /** The sessions of the kind that the visitor has chosen. */
  readonly sessions: Pick<Sessions<Remembered>, 'get' | 'signedIn'>
  /** Those that a store keeps: each can be listed and ended. */
  readonly devices: StoredSessions<Remembered> | undefined
  readonly kinds: Kinds
  readonly trails: Trails
  readonly users: Users
  readonly todos: Todos
}

/** A request, seen from a page. */
export interface Visit {
  readonly session: Session<Remembered>
  readonly user: User | undefined
  readonly language: Language
  readonly say: Say
  /** The page the visitor is on, to come back to. */
  readonly path: string
  /** The hidden field by which a form is known to be this site's own. */
  readonly csrfField: Html
  /** How this visitor's session is kept. */
  readonly kind: Kind
  readonly kinds: Kinds
  /** What the visitor's last requests did. */
  readonly trail: Trail
  /** The cookies that the browser has sent. */
  readonly cookieHeader: string | undefined
}

/** Looks at a request. */
export async function visitOf(
  { sessions, users, kinds, trails }: Omit<Site, 'devices'>,
  req: Request,
): Promise<Visit> {
  const session = await sessions.get(req)
  const language = session.get('language', 'en')
  return {
    session,
    user: users.find(session.userId),
    language,
    say: speaker(language),
    path: pathOf(req),
    csrfField: html`<input type="hidden" name="_csrf" value="${session.csrfToken()}" />`,
    kind: kinds.of(req),
    kinds,
    trail: trails.of(req),
    cookieHeader: req.headers.cookie,
  }
}

/** What responds to a form is not a page to come back to, but the form's page is. */
function pathOf({ method, originalUrl }: Request): string {
  if (method !== 'POST') return originalUrl
  const [, first = ''] = originalUrl.split(/[/?]/)
  // These forms are on each page.
  return ['try', 'kind', 'language', 'sign-out'].includes(first) ? '/' : `/${first}`
}

/** The same for a page that needs somebody signed in. @throws ERR_NOT_SIGNED_IN */
export async function memberVisitOf(
  site: Omit<Site, 'devices'>,
  req: Request,
): Promise<Visit & { readonly user: User }> {
  const { userId } = await site.sessions.signedIn(req)
  const visit = await visitOf(site, req)
  // An account may have gone while its session lived on.
  return { ...visit, user: visit.user ?? { id: userId, name: userId } }
}
