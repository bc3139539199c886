/** The session of one request: fills `req.session`, and finds out what the app has changed in it. */

import type { IncomingMessage } from 'node:http'
import { SessionError } from '../../base/errors.ts'
import { ROW_COOKIE } from '../../formerly/express-layout.ts'
import type { Session as OwnSession } from '../../session/session.ts'
import { Session, type SessionActions, type SessionRequest, setActions, textsOf } from './bag.ts'
import type { Cookie } from './cookie.ts'
import { attributesOf, cookieOf, isOther, lifetimeOf, savedTexts } from './saved.ts'
import { ID_KEY, type Setup } from './setup.ts'
import { userIdIn } from './user-id.ts'

/** Connects `req.session` of one request with the session that is saved. */
export class LiveSession implements SessionActions {
  readonly #setup: Setup
  readonly #req: SessionRequest
  /** The session that is saved: `middleware.sessions.get(req)`, reopened once the headers are sent. */
  #session: OwnSession
  /** The data as it is saved: JSON text by key. */
  #saved = new Map<string, string>()
  #savedCookie = ''
  /** The cookie attributes of a session that has not changed them. */
  #usual: Cookie
  #user: string | undefined
  /** Whether the session is saved under the id of `req.session`. */
  #isStored = false
  /** Whether the request has called `regenerate`. */
  #isRegenerated = false
  #isDestroyed = false
  /** The id that `regenerate` or `destroy` has ended. Nothing may be saved under it again. */
  #endedId: string | undefined
  /** Whether another request has ended the session: then a change throws, and nothing else does. */
  #isGone = false
  /** The Cookie header that opens the session again once the response headers are sent. */
  #sentCookie: string | undefined
  #isLate = false
  #sending: Promise<unknown> | undefined

  constructor(setup: Setup, req: IncomingMessage, session: OwnSession) {
    this.#setup = setup
    this.#req = req
    this.#session = session
    this.#usual = setup.usualCookie(req)
    setActions(req, this)
    this.#req.sessionStore = setup.store
    if (session.isNew && session.size === 0) this.generate()
    else this.#load()
  }

  /** Fills `req.session` with the saved data. */
  #load(): void {
    const session = this.#session
    const id = session.get(ID_KEY) as unknown
    this.#req.sessionID = typeof id === 'string' ? id : this.#setup.newId(this.#req)
    this.#saved = savedTexts(session)
    const cookie = cookieOf(session.get(ROW_COOKIE), this.#usual)
    const data: Record<string, unknown> = Object.assign(Object.create(null), { cookie })
    for (const [key, text] of this.#saved) data[key] = JSON.parse(text)
    const bag = new Session(this.#req, data)
    // A key with the name of a method is not in `req.session`. That must not delete it.
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
    // Saving it would bring back a session that has ended.
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

  /** Notes the promise of the commit before the response, which reports its failure itself. */
  sends(finishing: Promise<unknown>): void {
    this.#sending = finishing.catch(() => {})
  }

  /** Notes that the response headers are sent, with this cookie or none. `saveLate` saves later changes. */
  sent(setCookie: string | undefined): void {
    if (!this.#setup.isStored) return
    this.#sentCookie = setCookie ?? this.#req.headers.cookie ?? ''
  }

  get #isSent(): boolean {
    return this.#sentCookie !== undefined && !this.#isLate
  }

  /** Opens the session again: the one of the request is frozen once the response has begun. */
  async #whenSent(): Promise<void> {
    await this.#sending
    if (!this.#isSent) return
    this.#session = await this.#setup.sessions.open(this.#sentCookie)
    this.#isLate = true
    // The session has ended: a change would begin it again. Or a second cookie opened another one.
    this.#isGone ||= this.#isStored && this.#session.get(ID_KEY) !== this.#req.sessionID
  }

  /** Saves changes that were made since the headers were sent. The end of the response waits for it. */
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

  /** Transfers the changes of `req.session` to the session, for the commit that follows. */
  settle(): void {
    const { session } = this.#req
    if (session) this.#note(session, false)
    else if (this.#setup.destroysUnset && !this.#isDestroyed) this.#session.logout()
  }

  /** `isAsked`: the app has called `save`, which saves even an empty session. */
  #note(bag: Session, isAsked: boolean): void {
    const { saveUninitialized } = this.#setup
    const session = this.#session
    const { sessionID: id } = this.#req
    // As in express-session: nothing is saved if `genid` does not return text.
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
    // Never save under an id that has ended: against session fixation.
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
    // `regenerate` sends the cookie, so that the browser gets its new attributes.
    if (this.#isStored) session.regenerate()
    const lifetime = lifetimeOf(cookie ?? this.#usual)
    session.permanent = lifetime !== undefined
    session.lifetime = lifetime
  }

  /** In our own format: signs in the user whose id the app has put into the data, or out. */
  #noteUser(bag: Session, texts: ReadonlyMap<string, string>): void {
    const { isLegacy, userPath } = this.#setup
    if (isLegacy || userPath.length === 0) return
    const user = userIdIn(bag, userPath)
    // In a session that was moved here, perhaps only the data says who is signed in.
    const isMoved = !this.#isStored && user !== undefined && this.#session.userId !== user
    if (user === this.#user && !isMoved) return
    this.#user = user
    if (user !== undefined) this.#session.login(user)
    else if (this.#session.userId !== undefined) {
      this.#session.logout({ keep: [...texts.keys(), ID_KEY, ROW_COOKIE] })
    }
  }

  /** `req.session` for the response's cookie, with `cookie.maxAge` set back to its full length. */
  touched(): Session | undefined {
    const { session } = this.#req
    if (!session) return undefined
    if (typeof session.touch === 'function') session.touch()
    return session
  }
}

const TOO_LATE =
  'req.session was changed after the first byte of the response. The change is lost: this new session has no cookie yet, and none can be set any more. Change it before res.write().'

function notLoaded(): Error {
  return new Error('failed to load session')
}
