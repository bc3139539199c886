/** Says whether a secret signed a cookie, and if not, what most likely went wrong. */

import { sessionIdFormat } from '../../backends/stored/session-id.ts'
import { encrypter } from '../../crypto/encrypted.ts'
import { keyring } from '../../crypto/keyring.ts'
import { keyFor, type Scope } from '../../crypto/keys.ts'
import { authenticator, timedSigner } from '../../crypto/signed.ts'
import { itsdangerousKey } from '../../flask/flask-cookie.ts'
import type { Digest, Recognised } from './recognise.ts'

/** A secret, and where it came from. Only the latter is ever shown. */
export interface GivenSecret {
  text: string
  from: string
}

/** What an encrypted cookie holds. */
type Opened = Pick<Recognised, 'payloads' | 'signedAt'>

/** What came of it: how it verified or why it did not, and for what is encrypted what it says. */
export interface Verdict {
  verified: boolean
  says: string
  opened?: Opened | undefined
}

/** A cookie, and whose it is said to be. */
export interface Claim {
  value: string
  name: string | undefined
  /** The option of that name, if the app has it. */
  audience: string
}

/** The names our own format is used under when nobody says otherwise. */
export const USUAL_NAMES: readonly string[] = [
  'session',
  '__Host-Http-session',
  '__Host-session',
  '__Secure-session',
]

/**
 * Tries the secrets in turn, as every format they could have been used for.
 *
 * Our own key is bound to the cookie's name, so a value that was signed for another name than it
 * came under does not verify: a server would refuse it too.
 */
export function verify(claim: Claim, looks: Recognised, secrets: readonly GivenSecret[]): Verdict {
  const { name } = claim
  if (looks.signedAt === undefined && !looks.format.startsWith('sojourn')) {
    return no('Only the cookies of Sojourn and of Flask can be verified here.')
  }
  for (const { text, from } of secrets) {
    const use = spellingsOf(text).flatMap((secret) => useOf(claim, looks, secret) ?? [])[0]
    if (!use) continue
    if (use.name !== undefined && name !== undefined && use.name !== name) {
      return no(
        `It was made with the secret of ${from}, but for a cookie named ${use.name}: under the name ${name} a server refuses it.`,
      )
    }
    if (looks.digest !== undefined && looks.payloads.length === 0) {
      return no(`The signature is right (${from}), but the payload cannot be read.`)
    }
    const asName =
      use.name !== undefined && name === undefined ? `, for a cookie named ${use.name}` : ''
    const says = `${use.says}, with the secret of ${from}${asName}`
    return { verified: true, says, opened: use.opened }
  }
  return no(whyNot(claim, looks, secrets))
}

function no(says: string): Verdict {
  return { verified: false, says }
}

/** The bytes that a secret may stand for: `base64:` and `hex:` announce some, but not to Flask. */
function spellingsOf(text: string): Uint8Array[] {
  const literal = Buffer.from(text, 'utf8')
  if (!/^(?:base64|hex):/.test(text)) return [literal]
  try {
    const { secrets } = keyring(text, { where: 'secret', remedy: '', refuse: [] })
    return [...secrets, literal]
  } catch {
    return [literal]
  }
}

/** One way in which a secret fits; `name` where the key depends on it. */
interface Use {
  says: string
  name?: string
  opened?: Opened
}

function useOf(claim: Claim, looks: Recognised, secret: Uint8Array): Use | undefined {
  if (secret.length === 0) return undefined
  switch (looks.format) {
    case 'sojourn-encrypted':
      return ownUse(claim, 'as Sojourn encrypts', (value, scope) => {
        const keys = [keyFor(secret, 'encrypted', scope)]
        const opened = encrypter(keys, { ...scope, purpose: 'session' }).open(value)
        if (typeof opened === 'string') return undefined
        const payloads = [{ label: 'payload', text: opened.text }]
        return { opened: { payloads, signedAt: opened.seconds } }
      })
    case 'sojourn-id':
      return ownUse(claim, 'as Sojourn signs ids', (value, scope) => {
        const format = sessionIdFormat([keyFor(secret, 'session id', scope)])
        return typeof format.parse(value) === 'string' ? undefined : {}
      })
    default:
      return looks.digest && signedUse(claim, looks.digest, secret)
  }
}

function signedUse(claim: Claim, digest: Digest, secret: Uint8Array): Use | undefined {
  const own =
    digest === 'sha256' &&
    ownUse(claim, 'as Sojourn signs', (value, scope) => {
      return isSigned(value, digest, keyFor(secret, 'session', scope)) ? {} : undefined
    })
  if (own) return own
  const key = itsdangerousKey(secret, 'cookie-session', digest, 'hmac')
  if (!isSigned(claim.value, digest, key)) return undefined
  return { says: digest === 'sha1' ? 'as Flask signs' : `as Flask would sign with ${digest}` }
}

function isSigned(value: string, digest: Digest, key: Uint8Array): boolean {
  return typeof timedSigner(authenticator([key], digest)).verify(value) !== 'string'
}

/** Tries the names that the key may be bound to. */
function ownUse(
  { value, name, audience }: Claim,
  says: string,
  open: (value: string, scope: Scope) => Pick<Use, 'opened'> | undefined,
): Use | undefined {
  for (const cookieName of new Set([...(name === undefined ? [] : [name]), ...USUAL_NAMES])) {
    const use = open(value, { audience, cookieName })
    if (use) return { ...use, says, name: cookieName }
  }
  return undefined
}

function whyNot(claim: Claim, looks: Recognised, secrets: readonly GivenSecret[]): string {
  const { value, name, audience } = claim
  const { digest } = looks
  const isOwn = looks.format.startsWith('sojourn')
  if (!digest && looks.signedAt !== undefined)
    return 'The signature was cut or added to: no signature has its length.'
  for (const { text, from } of secrets) {
    for (const [spelling, says] of respellings(text)) {
      if (useOf(claim, looks, spelling)) return `It verifies with the secret of ${from} ${says}.`
    }
    const key =
      digest && itsdangerousKey(Buffer.from(text), 'itsdangerous', digest, 'django-concat')
    if (key && isSigned(value, digest, key)) {
      return `The secret of ${from} signed it, but with the salt "itsdangerous": it is no session of Flask.`
    }
  }
  const tried = secrets.map(({ from }) => from).join(', ')
  const names = name === undefined ? ` for the names ${USUAL_NAMES.join(', ')}` : ''
  const what =
    looks.format === 'sojourn-encrypted' ? 'It does not open' : 'The signature does not match'
  return [
    `${what} (tried: ${tried}${names}). It was made with another secret, or changed since.`,
    isOwn && !name ? "Sojourn's key depends on the cookie's name: say it with --name." : '',
    isOwn && !audience ? 'If the app has an audience, say it with --audience.' : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** What a secret may have become on its way here: the usual accidents. */
function respellings(text: string): [Uint8Array, string][] {
  const trimmed = text.trim()
  const spellings: [Uint8Array, string][] = [
    [Buffer.from(`${trimmed}\n`), 'with a line end after it'],
    /^(["']).+\1$/.test(trimmed)
      ? [Buffer.from(trimmed.slice(1, -1)), 'without the quotation marks around it']
      : [Buffer.from(`"${trimmed}"`), 'with quotation marks around it'],
  ]
  if (trimmed !== text) {
    spellings.unshift([Buffer.from(trimmed), 'without the white space around it'])
  }
  if (/^(?:[0-9a-f]{2})+$/i.test(trimmed)) {
    spellings.push([Buffer.from(trimmed, 'hex'), 'taken as hexadecimal bytes'])
  }
  if (/^[\w+/-]+={0,2}$/.test(trimmed)) {
    spellings.push([Buffer.from(trimmed, 'base64'), 'taken as base64 bytes'])
  }
  return spellings
}
