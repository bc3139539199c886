/** Where the drop-in does not do what express-session does, and why. The documentation has the same table. */

/** One difference. */
export interface Deviation {
  readonly express: string
  readonly dropIn: string
  readonly why: string
}

/** In the order of the documentation. A test shows each, on both. */
export const DEVIATIONS = {
  resave: {
    express: '`resave: true` writes the session at every request, changed or not.',
    dropIn:
      'An unchanged session is touched. In a store without `touch`, `resave: true` writes the row as it was read a moment before.',
    why: 'Writing an unchanged session overwrites what a concurrent request has changed.',
  },
  'save unchanged': {
    express: '`req.session.save()` writes the session, changed or not.',
    dropIn: 'It writes changes. If there are none, it writes nothing.',
    why: 'As with `resave: true`.',
  },
  'parallel requests': {
    express:
      'Each request writes the whole session. If two concurrent requests change different keys, one change is lost (lost update).',
    dropIn: 'Each request writes the keys that it has changed. Both changes are saved.',
    why: 'No lost updates.',
  },
  'slow request': {
    express:
      'A request that ends after the logout writes the session again: the visitor is signed in again.',
    dropIn: 'Its changes are refused with ERR_SESSION_GONE (409), and the session stays ended.',
    why: 'A logout is final.',
  },
  'response waits': {
    express:
      'The headers and all but the last byte of a body are sent before the session is saved.',
    dropIn: 'Nothing is sent before the session is saved.',
    why: 'After a redirect the next page finds what was saved.',
  },
  'failed save': {
    express:
      'If the store fails to save, the visitor gets the page of success all the same. The error goes to `next` afterwards.',
    dropIn: 'The error goes to `next` instead of the response: ERR_STORE_UNAVAILABLE (503).',
    why: 'The page must not say that a change was saved when it was lost.',
  },
  'failed destroy': {
    express:
      'If the store fails to destroy a session, the error goes to the callback, and the app sends any response.',
    dropIn:
      'The error goes to the callback and, unless a second attempt succeeds, to `next` instead of the response. The cookie is removed.',
    why: 'The page must not say that a visitor is signed out who is still signed in.',
  },
  'failed touch': {
    express: 'If the store fails to touch a session, the error goes to `next` after the response.',
    dropIn: 'The event `touch-failed` is emitted, and the response is not changed.',
    why: 'The next visit extends the session.',
  },
  'store error': {
    express: '`next` gets the error of the store.',
    dropIn: '`next` gets ERR_STORE_UNAVAILABLE (503), whose `cause` is the error of the store.',
    why: 'The message of a store may quote session data. The code is the same for every store.',
  },
  'row without cookie': {
    express: 'A row without `cookie` throws a TypeError at each request of that visitor.',
    dropIn: 'The row is ignored: the visitor gets a new session.',
    why: 'Otherwise that visitor could never use the site again.',
  },
  unsaved: {
    express: 'Under `unset: "destroy"`, a session that was never saved is destroyed in the store.',
    dropIn: 'The store is not called.',
    why: 'There is nothing to destroy.',
  },
  messages: {
    express: 'Invalid options throw a TypeError.',
    dropIn: 'They throw a SessionError with `code` ERR_OPTION_INVALID and another message.',
    why: 'One kind of error for all options.',
  },
  'invalid attribute': {
    express:
      'A cookie attribute that cannot be written (`expires: new Date(NaN)`) is an error after the response, which has no cookie.',
    dropIn: 'It is an error instead of the response.',
    why: 'Without the cookie the visitor is anonymous at the next request.',
  },
  'logout clears cookie': {
    express: '`destroy()` leaves the cookie in the browser.',
    dropIn: 'The response removes it.',
    why: 'The next request does not look for an ended session in the store.',
  },
  'cache headers': {
    express: 'Headers for caches are left to the app.',
    dropIn:
      '`Vary: Cookie`, and `Cache-Control: private` with a cookie, unless the app has set its own.',
    why: 'No cache serves one visitor’s page to another.',
  },
  'parsed cookies': {
    express:
      '`req.signedCookies` and `req.cookies` of cookie-parser are read, if the Cookie header has no session cookie (deprecated since 1.5).',
    dropIn: 'Only the Cookie header is read.',
    why: 'The middleware trusts no other middleware to have verified a cookie.',
  },
  'no secret': {
    express: 'Without a `secret` every request fails, unless cookie-parser has set `req.secret`.',
    dropIn: 'The app does not start. `req.secret` is not used.',
    why: 'You notice a missing setting at the start, not at the first request.',
  },
  'weak secret': {
    express: 'Any `secret` is accepted, such as `keyboard cat`.',
    dropIn:
      'A published or short secret is refused (ERR_SECRET_WEAK), unless NODE_ENV is development or test: there a warning is printed.',
    why: 'Whoever knows the secret can sign session ids.',
  },
  'unknown option': {
    express: 'An unknown option is ignored.',
    dropIn: 'It is refused: ERR_OPTION_INVALID.',
    why: 'A misspelling such as `saveUninitialised` or `cookie.maxage` would have no effect, without an error.',
  },
  nesting: {
    express: 'A value may be nested as deeply as `JSON.stringify` goes.',
    dropIn:
      'At most 64 levels. A deeper value is ERR_VALUE_UNSUPPORTED instead of the response, and a row with one is ignored.',
    why: 'Reading a deeply nested value from the store must not exhaust the stack.',
  },
  promise: {
    express: '`save`, `reload`, `regenerate` and `destroy` take a callback.',
    dropIn: 'They take a callback, too. Without one they return a promise.',
    why: 'You can await them.',
  },
} as const satisfies Record<string, Deviation>

/** What is different besides with a store of this package, or with `store: 'cookie'`. In `dropIn`: there. */
export const OWN_FORMAT = {
  id: {
    express: '`req.sessionID` is the id in the cookie, and the key in the store.',
    dropIn:
      '`req.sessionID` is a label: random, new after `regenerate`, equal at each request. The cookie holds another id, of which the store knows a hash.',
    why: 'Somebody who reads the store, or a log with `req.sessionID`, cannot use a session.',
  },
  genid: {
    express: '`genid` makes the id in the cookie.',
    dropIn: 'It makes the label.',
    why: 'As above: the id in the cookie is secret.',
  },
  'store calls': {
    express: '`req.sessionStore.get`, `set` and `destroy` work on any session.',
    dropIn:
      'They call back with an error. Use `list`, `revoke` and `revokeUser` of the middleware’s `sessions`.',
    why: 'A session cannot be found by its label.',
  },
  defaults: {
    express: 'Without settings the cookie is `connect.sid`, without SameSite and Secure.',
    dropIn: 'It is `session`, SameSite=Lax; in production `__Host-Http-session` and Secure.',
    why: 'The safe defaults of `createSessions`. Each can be set.',
  },
  'secure over HTTP': {
    express: 'A Secure cookie is not sent over plain HTTP, unless `proxy` says that it was HTTPS.',
    dropIn: 'It is sent, with Secure: the browser decides.',
    why: 'Behind a proxy that is not configured, visitors would never get a session, without an error.',
  },
  size: {
    express: 'A session may have any size.',
    dropIn: 'At most 1 MB in a store, and 4096 bytes in the cookie: see `maxBytes`.',
    why: 'Each request reads the whole session; browsers drop a larger cookie without an error.',
  },
  idle: {
    express: 'Without `maxAge` the store decides how long a session lives.',
    dropIn: 'It expires after a day without a visit (idle timeout). `lifetime` changes this.',
    why: 'The server enforces a lifetime, whatever the store.',
  },
} as const satisfies Record<string, Deviation>

/** What a test expects of each where they differ. */
export function differs<Expected>(
  _deviation: keyof typeof DEVIATIONS | keyof typeof OWN_FORMAT,
  name: string,
  expected: { readonly express: Expected; readonly dropIn: Expected },
): Expected {
  return name === 'the drop-in' ? expected.dropIn : expected.express
}
