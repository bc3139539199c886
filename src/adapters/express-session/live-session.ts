/** The session of one request: fills `req.session`, and turns what it has become into changes. */

import type { IncomingMessage } from 'node:http'
import { SessionError } from '../../base/errors.ts'
import { ROW_COOKIE } from '../../formerly/express-layout.ts'
import type { Session as OwnSession } from '../../session/session.ts'
import { type Keeper, keepBy, Session, type SessionRequest, textsOf } from './bag.ts'
import type { Cookie } from './cookie.ts'
import { attributesOf, cookieOf, isOther, lifetimeOf, savedTexts } from './saved.ts'
import { ID_KEY, type Setup } from './setup.ts'
import { userIdIn } from './user-id.ts'

/** Keeps the session of one request. */
export class LiveSession implements Keeper {
  readonly #setup: Setup
  readonly #req: SessionRequest
  /** The session underneath: `middleware.sessions.get(req)`, or another one of it after the headers. */
  #session: OwnSession
  /** The texts of the data as they are saved. */
  #saved = new Map<string, string>()
  #savedCookie = ''
  /** The attributes of a session that has none of its own. */
  #usual: Cookie
  #user: string | undefined
  /** Whether the session underneath is saved, under the id of the bag. */
  #isStored = false
  /** Whether the request has ended the session, and begun another by `regenerate`. */
  #isRegenerated = false
  #isDestroyed = false
  /** The id that `regenerate` or `destroy` has ended, perhaps while the app goes on. */
  #endedId: string | undefined
  /** Whether the session was found to have ended meanwhile: only a change is refused then. */
  #isGone = false
  /** The Cookie header that finds the session once the response headers are sent. */
  #sentCookie: string | undefined
  #isLate = false
  #sending: Promise<unknown> | undefined

  constructor(setup: Setup, req: IncomingMessage, session: OwnSession) {
    this.#setup = setup
    this.#req = req
    this.#session = session
    this.#usual = setup.usualCookie(req)
    keepBy(req, this)
    this.#req.sessionStore = setup.store
    if (session.isNew && session.size === 0) this.generate()
    else this.#load()
  }

  /** Fills `req.session` with what is saved. */
  #load(): void {
    const session = this.#session
    const id = session.get(ID_KEY) as unknown
    this.#req.sessionID = typeof id === 'string' ? id : this.#setup.newId(this.#req)
    this.#saved = savedTexts(session)
    const cookie = cookieOf(session.get(ROW_COOKIE), this.#usual)
    const data: Record<string, unknown> = Object.assign(Object.create(null), { cookie })
    for (const [key, text] of this.#saved) data[key] = JSON.parse(text)
    const bag = new Session(this.#req, data)
    // Data under the name of a method is not shown, and must not be deleted for it.
    for (const key of this.#saved.keys()) if (!Object.hasOwn(bag, key)) this.#saved.delete(key)
    this.#savedCookie = attributesOf(cookie)
    this.#user = userIdIn(bag, this.#setup.userPath)
    this.#isStored = !session.isNew || typeof id === 'string'
    this.#req.session = bag
  }

  generate(): void {
    const req = this.#req
    req.sessionID = this.#setup.newId(req)
    const bag = new Session(req)
    bag.cookie = this.#setup.usualCookie(req)
    this.#saved = new Map()
    this.#savedCookie = ''
    this.#user = undefined
    this.#isStored = false
    this.#isDestroyed = false
    this.#endedId = undefined
    this.#isGone = false
    req.session = bag
  }

  async save(bag: Session): Promise<void> {
    const { session, sessionID } = this.#req
    // Otherwise a session that has ended would begin again.
    if (!session || bag.id !== sessionID) throw new SessionError('ERR_SESSION_GONE')
    if (this.#sending || this.#isSent) await this.#whenSent()
    if (this.#isLate && this.#isGone) {
      if (isOther(textsOf(bag), this.#saved)) throw new SessionError('ERR_SESSION_GONE')
      return
    }
    this.#note(bag, true)
    await this.#session.commit()
  }

  async reload(): Promise<void> {
    if (!this.#isStored) throw notLoaded()
    if (this.#sending || this.#isSent) await this.#whenSent()
    await this.#session.reload()
    this.#isGone = !this.#session.has(ID_KEY)
    if (this.#isGone) throw notLoaded()
    this.#load()
  }

  async destroy(): Promise<void> {
    delete this.#req.session
    this.#isDestroyed = true
    this.#isStored = false
    await this.#end()
  }

  async regenerate(): Promise<void> {
    try {
      await this.#end()
    } finally {
      this.#isRegenerated = true
      this.generate()
    }
  }

  async #end(): Promise<void> {
    this.#endedId = this.#req.sessionID
    if (this.#sending || this.#isSent) await this.#whenSent()
    this.#session.logout()
    await this.#session.commit()
  }

  /** The response begins when this is done. A failure is told by it. */
  sends(finishing: Promise<unknown>): void {
    this.#sending = finishing.catch(() => {})
  }

  /** The response headers are sent with this cookie, or with none: later changes are saved apart. */
  sent(setCookie: string | undefined): void {
    if (!this.#setup.isStored) return
    this.#sentCookie = setCookie ?? this.#req.headers.cookie ?? ''
  }

  get #isSent(): boolean {
    return this.#sentCookie !== undefined && !this.#isLate
  }

  /** Once the response has begun, its session is frozen: opens the session again, without one. */
  async #whenSent(): Promise<void> {
    await this.#sending
    if (!this.#isSent) return
    this.#session = await this.#setup.sessions.open(this.#sentCookie)
    this.#isLate = true
    // Nothing, or the session of a second cookie: a change would begin it again, or get into that one.
    this.#isGone ||= this.#isStored && this.#session.get(ID_KEY) !== this.#req.sessionID
  }

  /** Saves what was changed since the headers were sent, if anything was. The response waits. */
  saveLate(): Promise<void> | undefined {
    const { session: bag } = this.#req
    if (!bag) {
      const isUnset = this.#setup.destroysUnset && this.#isStored && this.#isSent
      return isUnset ? this.destroy() : undefined
    }
    if (!isOther(textsOf(bag), this.#saved)) return undefined
    if (this.#sentCookie !== undefined && this.#isStored) return this.save(bag)
    this.#setup.warn?.('late', TOO_LATE)
    return undefined
  }

  /** Notes the changes of the request. The commit follows. */
  settle(): void {
    const { session } = this.#req
    if (session) this.#note(session, false)
    else if (this.#setup.destroysUnset && !this.#isDestroyed) this.#session.logout()
  }

  /** `isAsked`: the app has called `save`, so that even an empty session is saved. */
  #note(bag: Session, isAsked: boolean): void {
    const { saveUninitialized } = this.#setup
    const session = this.#session
    const { sessionID: id } = this.#req
    // As express-session: `genid` has to return a text.
    if (typeof id !== 'string' || session.isUnavailable) return
    const texts = textsOf(bag)
    this.#noteUser(bag, texts)
    for (const key of this.#saved.keys()) if (!texts.has(key)) session.delete(key)
    for (const [key, text] of texts) {
      if (this.#saved.get(key) !== text) session.set(key, JSON.parse(text))
    }
    this.#saved = texts
    const isWanted = isAsked || saveUninitialized || this.#isRegenerated || texts.size > 0
    if (!this.#isStored && !isWanted) return
    // Never under an id that has ended: it may be one that an attacker has given to the visitor.
    const isUsable = !this.#isGone && id !== this.#endedId
    if (session.get(ID_KEY) !== id && isUsable) session.set(ID_KEY, id)
    this.#noteCookie(bag)
    this.#isStored = true
  }

  #noteCookie({ cookie }: Session): void {
    const attributes = attributesOf(cookie ?? this.#usual)
    if (attributes === this.#savedCookie) return
    const session = this.#session
    this.#savedCookie = attributes
    if (this.#setup.isLegacy) {
      session.set(ROW_COOKIE, JSON.parse(attributes))
      return
    }
    if (attributes === attributesOf(this.#usual)) session.delete(ROW_COOKIE)
    else session.set(ROW_COOKIE, JSON.parse(attributes))
    // The browser has to get the cookie with its new attributes.
    if (this.#isStored) session.regenerate()
    const lifetime = lifetimeOf(cookie ?? this.#usual)
    session.permanent = lifetime !== undefined
    session.lifetime = lifetime
  }

  /** In our own format: signs the user in whom the app has put into the data, or out. */
  #noteUser(bag: Session, texts: ReadonlyMap<string, string>): void {
    const { isLegacy, userPath } = this.#setup
    if (isLegacy || userPath.length === 0) return
    const user = userIdIn(bag, userPath)
    // Of a session that was moved here the data say who is signed in, and perhaps nothing else does.
    const isMoved = !this.#isStored && user !== undefined && this.#session.userId !== user
    if (user === this.#user && !isMoved) return
    this.#user = user
    if (user !== undefined) this.#session.login(user)
    else if (this.#session.userId !== undefined) {
      this.#session.logout({ keep: [...texts.keys(), ID_KEY, ROW_COOKIE] })
    }
  }

  /** The bag of the response: the session whose cookie is sent, with `cookie.maxAge` begun anew. */
  touched(): Session | undefined {
    const { session } = this.#req
    if (!session) return undefined
    if (typeof session.touch === 'function') session.touch()
    return session
  }
}

const TOO_LATE =
  'req.session was changed after the first byte of the response, and has no cookie yet that could carry the change, which is lost. Change it before res.write().'

function notLoaded(): Error {
  return new Error('failed to load session')
}
