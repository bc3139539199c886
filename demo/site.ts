/** What every route shares, and what it learns about the visitor. */

import type { Request } from 'express'
import { html, type Html } from './html.ts'
import type { Cart } from './shop.ts'
import type { Session, Sessions, StoredSessions } from './sojourn.ts'
import type { Todos } from './todos.ts'
import type { User, Users } from './users.ts'
import { type Language, type Say, speaker } from './words.ts'

/** What a visitor's session keeps. Who is signed in is not here: that is `session.userId`. */
export interface Remembered {
  language: Language
  cart: Cart
  views: number
}

/** The site. */
export interface Site {
  readonly sessions: Sessions<Remembered>
  /** The same sessions, where a store keeps them: then each can be listed and ended. */
  readonly devices: StoredSessions<Remembered> | undefined
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
}

/** Looks at a request. */
export async function visitOf(
  { sessions, users }: Omit<Site, 'devices'>,
  req: Request,
): Promise<Visit> {
  const session = await sessions.get(req)
  const language = session.get('language', 'en')
  return {
    session,
    user: users.find(session.userId),
    language,
    say: speaker(language),
    // What answers a form is not a page to come back to, but the form is.
    path: req.method !== 'POST' ? req.originalUrl : `/${req.originalUrl.split(/[/?]/)[1] ?? ''}`,
    csrfField: html`<input type="hidden" name="_csrf" value="${session.csrfToken()}" />`,
  }
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
