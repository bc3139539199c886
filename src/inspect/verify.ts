/** Checks whether a cookie is valid under a secret, and otherwise finds the most likely cause. */

import type { Recognised, Way } from './formats.ts'

/** A secret, and where it comes from. The secret itself is never shown. */
export interface GivenSecret {
  text: string
  from: string
}

/** How a cookie was verified, or why it is not valid; and the payload of an encrypted one. */
export interface Verdict {
  verified: boolean
  says: string
  opened?: Pick<Recognised, 'payloads' | 'signedAt'>
}

/** The cookie's name, and the option `audience` of the app. */
interface Claim {
  name: string | undefined
  audience: string
}

/** The default names of our own cookie. */
export const USUAL_NAMES: readonly string[] = [
  'session',
  '__Host-Http-session',
  '__Host-session',
  '__Secure-session',
]

/**
 * Tries each secret in each way in which it may have been used.
 *
 * Our keys depend on the cookie's name, so a value that was signed for another name is not valid: a
 * server rejects it, too.
 */
export function verify(claim: Claim, looks: Recognised, secrets: readonly GivenSecret[]): Verdict {
  const { ways = [], signedAt, format } = looks
  if (ways.length === 0) return no(signedAt === undefined ? NOT_HERE : CUT)
  const use = firstUse(claim, ways, [...secrets.flatMap(asGiven), ...secrets.flatMap(mended)])
  if (!use) return no(whyNot(claim, format, secrets))
  const { way, from, accident, cookieName, opened } = use
  if (accident !== undefined) return no(`It is valid under the secret of ${from} ${accident}.`)
  const isMoved = cookieName !== claim.name && way.isBound
  if (isMoved && claim.name !== undefined) {
    return no(
      `It was made with the secret of ${from}, but for a cookie named ${cookieName}: ` +
        `under the name ${claim.name} a server rejects it.`,
    )
  }
  const renamed = isMoved ? `, for a cookie named ${cookieName}` : ''
  const says = `${way.says}, with the secret of ${from}${renamed}`
  if (opened.text === undefined) return { verified: true, says }
  const read = [{ label: 'payload', text: opened.text }]
  return { verified: true, says, opened: { payloads: read, signedAt: opened.seconds } }
}

const NOT_HERE = 'Only the cookies of Sojourn and of Flask can be verified here.'
const CUT = 'The length of the signature is wrong: it was shortened or extended.'

function no(says: string): Verdict {
  return { verified: false, says }
}

/** The bytes of a secret to try. */
interface Candidate {
  from: string
  bytes: Buffer
  /** How it differs from the secret that was given. */
  accident?: string
}

/** The secret under which the value is valid, with the way and the cookie's name. */
function firstUse({ name, audience }: Claim, ways: readonly Way[], candidates: Candidate[]) {
  const names = new Set([...(name === undefined ? [] : [name]), ...USUAL_NAMES])
  for (const candidate of candidates) {
    for (const way of ways) {
      for (const cookieName of way.isBound ? names : ['']) {
        const opened = way.open(candidate.bytes, { audience, cookieName })
        if (typeof opened !== 'string') return { ...candidate, way, cookieName, opened }
      }
    }
  }
  return undefined
}

/** The bytes of a secret. `base64:` and `hex:` are decoded, and also tried literally, as in Flask. */
function asGiven({ text, from }: GivenSecret): Candidate[] {
  const [, encoding, spelled = ''] = /^(base64|hex):(.*)$/s.exec(text) ?? []
  const literal = { from, bytes: Buffer.from(text) }
  if (encoding === undefined) return [literal]
  return [{ from, bytes: Buffer.from(spelled, encoding as 'base64' | 'hex') }, literal]
}

/** Common mistakes in copying a secret, and how to undo them. The text is already trimmed. */
const ACCIDENTS: readonly [says: string, undo: (text: string) => Buffer][] = [
  ['without the white space around it', (text) => Buffer.from(text)],
  ['with a line end after it', (text) => Buffer.from(`${text}\n`)],
  [
    'without the quotation marks around it',
    (text) => Buffer.from(text.replace(/^(["'])(.+)\1$/, '$2')),
  ],
  ['with quotation marks around it', (text) => Buffer.from(`"${text}"`)],
  ['decoded from hexadecimal', (text) => Buffer.from(text, 'hex')],
  ['decoded from base64', (text) => Buffer.from(text, 'base64')],
]

function mended({ text, from }: GivenSecret): Candidate[] {
  const all = ACCIDENTS.map(([accident, undo]) => ({ from, accident, bytes: undo(text.trim()) }))
  return all.filter(({ bytes }) => bytes.length > 0)
}

function whyNot({ name, audience }: Claim, format: string, secrets: readonly GivenSecret[]) {
  const tried = secrets.map(({ from }) => from).join(', ')
  const names = name === undefined ? ` for the names ${USUAL_NAMES.join(', ')}` : ''
  const what =
    format === 'sojourn-encrypted' ? 'It cannot be decrypted' : 'The signature does not match'
  const isOwn = format.startsWith('sojourn')
  return [
    `${what} (tried: ${tried}${names}). It was made with another secret, or changed later.`,
    ...(isOwn && !name ? ["Sojourn's key depends on the cookie's name: add --name NAME."] : []),
    ...(isOwn && !audience ? ['If the app has an audience, add --audience NAME.'] : []),
  ].join(' ')
}
