/** Says whether a secret signed a cookie, and if not, what most likely went wrong. */

import type { Recognised, Way } from './formats.ts'

/** A secret, and where it came from. Only the latter is ever shown. */
export interface GivenSecret {
  text: string
  from: string
}

/** How a cookie verified or why it did not, and for what is encrypted what it says. */
export interface Verdict {
  verified: boolean
  says: string
  opened?: Pick<Recognised, 'payloads' | 'signedAt'>
}

/** The name a cookie came under, and the option `audience` of the app. */
interface Claim {
  name: string | undefined
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
 * Tries the secrets in turn, in every way they could have been used.
 *
 * Our own key is bound to the cookie's name, so a value that was signed for another name than it
 * came under does not verify: a server would refuse it too.
 */
export function verify(claim: Claim, looks: Recognised, secrets: readonly GivenSecret[]): Verdict {
  const { ways = [], signedAt, format } = looks
  if (ways.length === 0) return no(signedAt === undefined ? NOT_HERE : CUT)
  const use = firstUse(claim, ways, [...secrets.flatMap(asGiven), ...secrets.flatMap(mended)])
  if (!use) return no(whyNot(claim, format, secrets))
  const { way, from, accident, cookieName, opened } = use
  if (accident !== undefined) return no(`It verifies with the secret of ${from} ${accident}.`)
  const isMoved = cookieName !== claim.name && way.isBound
  if (isMoved && claim.name !== undefined) {
    return no(
      `It was made with the secret of ${from}, but for a cookie named ${cookieName}: ` +
        `under the name ${claim.name} a server refuses it.`,
    )
  }
  const renamed = isMoved ? `, for a cookie named ${cookieName}` : ''
  const says = `${way.says}, with the secret of ${from}${renamed}`
  if (opened.text === undefined) return { verified: true, says }
  const read = [{ label: 'payload', text: opened.text }]
  return { verified: true, says, opened: { payloads: read, signedAt: opened.seconds } }
}

const NOT_HERE = 'Only the cookies of Sojourn and of Flask can be verified here.'
const CUT = 'The signature was cut or added to: no signature has its length.'

function no(says: string): Verdict {
  return { verified: false, says }
}

/** Bytes that may be the secret. */
interface Candidate {
  from: string
  bytes: Buffer
  /** What was wrong with it as it was given. */
  accident?: string
}

/** The first secret that fits, in which way, and for a cookie of which name. */
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

/** The bytes that a secret stands for: `base64:` and `hex:` announce some, but not to Flask. */
function asGiven({ text, from }: GivenSecret): Candidate[] {
  const [, encoding, spelled = ''] = /^(base64|hex):(.*)$/s.exec(text) ?? []
  const literal = { from, bytes: Buffer.from(text) }
  if (encoding === undefined) return [literal]
  return [{ from, bytes: Buffer.from(spelled, encoding as 'base64' | 'hex') }, literal]
}

/** What may have happened to a secret on its way here, and how to undo that; white space is gone. */
const ACCIDENTS: readonly [says: string, undo: (text: string) => Buffer][] = [
  ['without the white space around it', (text) => Buffer.from(text)],
  ['with a line end after it', (text) => Buffer.from(`${text}\n`)],
  [
    'without the quotation marks around it',
    (text) => Buffer.from(text.replace(/^(["'])(.+)\1$/, '$2')),
  ],
  ['with quotation marks around it', (text) => Buffer.from(`"${text}"`)],
  ['taken as hexadecimal bytes', (text) => Buffer.from(text, 'hex')],
  ['taken as base64 bytes', (text) => Buffer.from(text, 'base64')],
]

function mended({ text, from }: GivenSecret): Candidate[] {
  const all = ACCIDENTS.map(([accident, undo]) => ({ from, accident, bytes: undo(text.trim()) }))
  return all.filter(({ bytes }) => bytes.length > 0)
}

function whyNot({ name, audience }: Claim, format: string, secrets: readonly GivenSecret[]) {
  const tried = secrets.map(({ from }) => from).join(', ')
  const names = name === undefined ? ` for the names ${USUAL_NAMES.join(', ')}` : ''
  const what = format === 'sojourn-encrypted' ? 'It does not open' : 'The signature does not match'
  const isOwn = format.startsWith('sojourn')
  return [
    `${what} (tried: ${tried}${names}). It was made with another secret, or changed since.`,
    ...(isOwn && !name ? ["Sojourn's key depends on the cookie's name: say it with --name."] : []),
    ...(isOwn && !audience ? ['If the app has an audience, say it with --audience.'] : []),
  ].join(' ')
}
