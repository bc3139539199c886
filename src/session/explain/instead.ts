/** What to write in place of properties of other session libraries, and of properties that are not saved. */

const NOT_NEEDED = 'Not needed: '

const INSTEAD: Readonly<Record<string, string>> = {
  userId: 'Call session.login(userId), or session.logout()',
  modified: `${NOT_NEEDED}changes inside values are saved`,
  new: 'Read session.isNew',
  cookie: 'Use the options cookie and lifetime, and session.permanent',
  id: 'Use session.handle: an id is secret',
  save: `${NOT_NEEDED}changes are saved with the response, or by await session.commit()`,
  touch: `${NOT_NEEDED}each visit extends the session`,
  destroy: 'Call session.logout()',
}

/** What to write in place of a property of the session. `otherwise`: for a key of its data. */
export function insteadOf(name: string, otherwise: string): string {
  return (Object.hasOwn(INSTEAD, name) && INSTEAD[name]) || otherwise
}
