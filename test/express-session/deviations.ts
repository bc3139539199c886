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
    dropIn: 'It writes changes; if there are none, nothing.',
    why: 'As with `resave`.',
  },
  'parallel requests': {
    express:
      'Each request writes the session whole: of two that change different keys, one change is lost.',
    dropIn: 'Each request writes its changed keys: both win.',
    why: 'No lost updates.',
  },
  'slow request': {
    express:
      'A request that was slower than the logout writes the session again: the visitor is signed in again.',
    dropIn: 'Its changes are refused with ERR_SESSION_GONE (409), and the session stays ended.',
    why: 'A logout is final.',
  },
  'response waits': {
    express:
      'The headers and all but the last byte of a body are sent before the session is saved.',
    dropIn: 'Nothing is sent before the session is saved.',
    why: 'A browser that follows a redirect finds what was saved.',
  },
  'failed save': {
    express:
      'If the store fails to save, the visitor is told that all is well; the error goes to `next` afterwards.',
    dropIn: 'The error goes to `next` instead of the response: ERR_STORE_UNAVAILABLE (503).',
    why: 'A visitor is not told that a lost change was saved.',
  },
  'failed destroy': {
    express:
      'If the store fails to destroy a session, the error goes to the callback, and the app answers as it likes.',
    dropIn:
      'The error goes to the callback and, unless a second attempt succeeds, to `next` instead of the response. The cookie is removed.',
    why: 'A visitor who is still signed in is not told otherwise.',
  },
  'failed touch': {
    express: 'If the store fails to touch a session, the error goes to `next` after the response.',
    dropIn: 'It is the event `touch-failed`, and the response is as it was.',
    why: 'The next visit extends the session.',
  },
  'store error': {
    express: '`next` gets the error of the store.',
    dropIn: '`next` gets ERR_STORE_UNAVAILABLE (503), whose `cause` is the error of the store.',
    why: 'The message of a store may quote session data. The code is the same for every store.',
  },
  'row without cookie': {
    express: 'A row without `cookie` is a TypeError at each request of that visitor.',
    dropIn: 'It is no session: the visitor gets a new one.',
    why: 'Otherwise that visitor could never use the site again.',
  },
  unsaved: {
    express: 'Under `unset: "destroy"`, a session that was never saved is destroyed in the store.',
    dropIn: 'The store is not called.',
    why: 'There is nothing to destroy.',
  },
  messages: {
    express: 'Invalid options throw a TypeError.',
    dropIn: 'They throw a SessionError with `code` ERR_OPTION_INVALID, in words of its own.',
    why: 'One kind of error for all options.',
  },
  'invalid attribute': {
    express:
      'A cookie attribute that cannot be written (`expires: new Date(NaN)`) is an error after the response, which has no cookie.',
    dropIn: 'It is an error instead of the response.',
    why: 'A visitor without a cookie is a stranger at the next request.',
  },
  'logout clears cookie': {
    express: '`destroy()` leaves the cookie in the browser.',
    dropIn: 'The response removes it.',
    why: 'The next request does not ask the store for a session that is gone.',
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
    why: 'What another middleware says was verified is not verified.',
  },
  'no secret': {
    express: 'Without a `secret` every request fails, unless cookie-parser has set `req.secret`.',
    dropIn: 'The app does not start. `req.secret` is not used.',
    why: 'A missing setting shows before the first visitor does.',
  },
  'weak secret': {
    express: 'Any `secret` is accepted, such as `keyboard cat`.',
    dropIn:
      'A published or short one is refused in production (ERR_SECRET_WEAK), and a warning in development.',
    why: 'Whoever knows the secret can sign session ids.',
  },
  'unknown option': {
    express: 'An unknown option is ignored.',
    dropIn: 'It is refused: ERR_OPTION_INVALID.',
    why: '`saveUninitialised` or `cookie.maxage` would silently do nothing.',
  },
  nesting: {
    express: 'A value may be nested as deeply as `JSON.stringify` goes.',
    dropIn:
      'At most 64 levels: a deeper value is ERR_VALUE_UNSUPPORTED instead of the response, and a row that has one is no session.',
    why: 'Data of a store are not trusted to be shallow: reading them must not exhaust the stack.',
  },
  promise: {
    express: '`save`, `reload`, `regenerate` and `destroy` take a callback.',
    dropIn: 'They do. Without one they return a promise.',
    why: 'So that they can be awaited.',
  },
} as const satisfies Record<string, Deviation>

/** What is different besides with a store of this package, or with `store: 'cookie'`. In `dropIn`: there. */
export const OWN_FORMAT = {
  id: {
    express: '`req.sessionID` is the id in the cookie, and the key in the store.',
    dropIn:
      '`req.sessionID` is a label: random, new after `regenerate`, equal at each request. The cookie holds another id, of which the store knows a hash.',
    why: 'Who reads the store, or a log with `req.sessionID`, cannot take a session over.',
  },
  genid: {
    express: '`genid` makes the id in the cookie.',
    dropIn: 'It makes the label.',
    why: 'As above: the id in the cookie is secret.',
  },
  'store calls': {
    express: '`req.sessionStore.get`, `set` and `destroy` work on any session.',
    dropIn:
      'They call back with an error. The middleware’s `sessions` has `list`, `revoke` and `revokeUser`.',
    why: 'Nothing can be found by a label.',
  },
  defaults: {
    express: 'Without settings the cookie is `connect.sid`, without SameSite and Secure.',
    dropIn: 'It is `session`, SameSite=Lax; in production `__Host-Http-session` and Secure.',
    why: 'The safe defaults of `createSessions`. Each can be set.',
  },
  'secure over HTTP': {
    express: 'A Secure cookie is not sent over plain HTTP, unless `proxy` says that it was HTTPS.',
    dropIn: 'It is sent, with Secure: the browser decides.',
    why: 'Behind a proxy that is not configured, visitors would stay strangers without an error.',
  },
  size: {
    express: 'A session may have any size.',
    dropIn: 'At most 1 MB in a store, and 4096 bytes in the cookie: see `maxBytes`.',
    why: 'Each request reads all of it; browsers drop a larger cookie without an error.',
  },
  idle: {
    express: 'Without `maxAge` the store decides how long a session lives.',
    dropIn: 'A day without a visit; `lifetime` sets it.',
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
