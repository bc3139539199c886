/** Translates the options of express-session into those of `createSessions`. */

import type { Draft } from './edits.ts'
import { durationCode } from './duration.ts'
import { storeCode, type StoreCode } from './stores.ts'
import { type Node, propertyName } from './tree.ts'

/** The options of `createSessions`, one line each. */
export interface OptionsCode {
  lines: string[]
  store: StoreCode
}

const NOT_NEEDED =
  'Dropped: only changes are saved, and an anonymous visitor without data gets no cookie'
const DROPPED: Readonly<Record<string, string>> = {
  resave: NOT_NEEDED,
  saveUninitialized: NOT_NEEDED,
  rolling: 'Dropped: each visit extends the session, as with rolling: true',
  genid: 'Dropped: session ids are always random',
  proxy:
    'Dropped: Sojourn sends the Secure cookie over any connection, so a proxy needs no setting',
  unset: 'Dropped: session.logout() ends a session',
}
/** Options of Sojourn that the drop-in replacement has as well. */
const PASSED = [
  'lifetime',
  'encrypt',
  'maxBytes',
  'audience',
  'trustedOrigins',
  'onEvent',
  'events',
  'clock',
  'rotate',
  'grace',
  'maxSessionsPerUser',
  'onLimit',
  'onUnavailable',
]
const COOKIE = ['secure', 'httpOnly', 'sameSite', 'domain', 'path', 'partitioned']

/**
 * Translates an object of options, and reports the options that are dropped. If it cannot be
 * translated, reports the reason and returns `undefined`.
 */
export function optionsCode(
  draft: Draft,
  given: Node | undefined,
  call: Node,
): OptionsCode | undefined {
  const properties: Node[] = given?.['properties'] ?? []
  const odd = properties.find((it) => it.type !== 'ObjectProperty' || !propertyName(it))
  if (odd || (given && given.type !== 'ObjectExpression')) {
    const what = 'express-session with options that are computed'
    draft.leave(
      odd ?? given!,
      what,
      'Write the options as an object literal, and run the command again',
    )
    return undefined
  }
  const byName = new Map(properties.map((property) => [propertyName(property)!, property]))
  const store = storeCode(draft, byName.get('store')?.['value'], call)
  const cookie = cookieCode(
    draft,
    byName.get('cookie')?.['value'],
    byName.get('name') ?? byName.get('key'),
  )
  if (!store || !cookie) return undefined
  const notes = new Map<string, string[]>()
  for (const name of byName.keys()) {
    if (['secret', 'store', 'cookie', 'name', 'key', ...PASSED].includes(name)) continue
    const note = DROPPED[name] ?? 'Dropped: Sojourn has no such option'
    notes.set(note, [...(notes.get(note) ?? []), name])
  }
  for (const [note, names] of notes) draft.leave(byName.get(names[0]!)!, names.join(', '), note)
  const lines = [secretCode(draft, byName.get('secret')), `store: ${store.code}`]
  // The drop-in replacement may have the option lifetime already.
  lines.push(...cookie.filter((line) => !line.startsWith('lifetime') || !byName.has('lifetime')))
  for (const name of PASSED) {
    const value: Node | undefined = byName.get(name)?.['value']
    if (value) lines.push(shorthand(name, textOf(draft, value)))
  }
  return { lines, store }
}

function secretCode(draft: Draft, property: Node | undefined): string {
  const value: Node | undefined = property?.['value']
  const fromEnvironment = 'secret: process.env.SESSION_SECRET'
  const command = 'Run npx sojourn secret --write .env, and start with node --env-file=.env'
  if (!property || !value) return fromEnvironment
  if (value.type === 'StringLiteral') {
    draft.leave(property, 'a secret in the source; it is now process.env.SESSION_SECRET', command)
    return fromEnvironment
  }
  const source = textOf(draft, value)
  if (/['"`]/.test(source) && value.type !== 'MemberExpression') {
    const what = 'a secret in the source'
    draft.leave(property, what, `Use only process.env.SESSION_SECRET. ${command}`)
  }
  return source === 'secret' ? 'secret' : `secret: ${source}`
}

/** The lines `lifetime` and `cookie`. */
function cookieCode(
  draft: Draft,
  cookie: Node | undefined,
  name: Node | undefined,
): string[] | undefined {
  const attributes = name ? [shorthand('name', textOf(draft, name['value']))] : []
  const lines: string[] = []
  const properties: Node[] = cookie?.['properties'] ?? []
  const odd = properties.find((it) => it.type !== 'ObjectProperty' || !propertyName(it))
  if (odd || (cookie && cookie.type !== 'ObjectExpression')) {
    draft.leave(
      odd ?? cookie!,
      'cookie, which is computed',
      'Write it as an object literal, and run the command again',
    )
    return undefined
  }
  for (const property of properties) {
    const [key, value] = [propertyName(property)!, property['value'] as Node]
    const source = textOf(draft, value)
    if (key === 'maxAge' && value.type !== 'NullLiteral') {
      lines.push(`lifetime: { idle: ${durationCode(draft, value)} }`)
      const what = 'cookie.maxAge; it is now the idle timeout on the server'
      const write =
        'Write session.permanent = true where the cookie must stay when the browser is closed, such as at a login'
      draft.leave(property, what, write)
    } else if (key === 'sameSite' && value.type === 'BooleanLiteral') {
      if (value['value']) attributes.push(`sameSite: ${draft.style.quote('Strict')}`)
      else draft.leave(property, 'sameSite: false', "Dropped: the default is 'Lax'")
    } else if (key === 'secure' && value['value'] === 'auto') {
      draft.leave(
        property,
        "secure: 'auto'",
        'Dropped: cookies are Secure unless NODE_ENV is development or test',
      )
    } else if (key === 'secure' && value['value'] === false) {
      attributes.push('secure: false')
      draft.leave(
        property,
        'secure: false',
        'Leave it out: then it is false in development and true in production',
      )
    } else if (COOKIE.includes(key)) attributes.push(shorthand(key, source))
    else draft.leave(property, `cookie.${key}`, 'Dropped: see the option lifetime')
  }
  if (attributes.length > 0) lines.push(`cookie: { ${attributes.join(', ')} }`)
  return lines
}

function shorthand(key: string, source: string): string {
  return key === source ? key : `${key}: ${source}`
}

function textOf({ tree }: Draft, { start, end }: Node): string {
  return tree.source.slice(start, end)
}
