/** Says whether a secret signed a cookie, and if not, what most likely went wrong. */

import { authenticator, timedSigner } from '../crypto/signed.ts'
import { itsdangerousKey } from '../flask/flask-cookie.ts'
import { keyFor } from '../session/keys.ts'
import type { Digest, Recognised } from './recognise.ts'

/** A secret, and where it came from. Only the latter is ever shown. */
export interface GivenSecret {
  text: string
  from: string
}

/** What came of it. */
export type Verdict = { verified: true; as: string } | { verified: false; why: string }

/** The names our own format is used under when nobody says otherwise. */
export const USUAL_NAMES: readonly string[] = ['session', '__Host-session', '__Secure-session']

/**
 * Tries the secrets in turn, as every format they could have been used for.
 *
 * Our own key is bound to the cookie's name, so a value that was signed for another name than it
 * came under does not verify: a server would refuse it too.
 */
export function verify(
  value: string,
  name: string | undefined,
  looks: Recognised,
  secrets: readonly GivenSecret[],
): Verdict {
  if (looks.signedAt === undefined) {
    return {
      verified: false,
      why: 'Only the cookies of Sojourn and of Flask can be verified here.',
    }
  }
  for (const { text, from } of secrets) {
    const use = useOf(value, name, looks, Buffer.from(text, 'utf8'))
    if (!use) continue
    if (use.name !== undefined && name !== undefined && use.name !== name) {
      const why = `It was signed with the secret of ${from}, but for a cookie named ${use.name}: under the name ${name} a server refuses it.`
      return { verified: false, why }
    }
    if (looks.payloads.length === 0) {
      return {
        verified: false,
        why: `The signature is right (${from}), but the payload cannot be read.`,
      }
    }
    const asName =
      use.name !== undefined && name === undefined ? `, for a cookie named ${use.name}` : ''
    return { verified: true, as: `${use.says}, with the secret of ${from}${asName}` }
  }
  return { verified: false, why: whyNot(value, name, looks, secrets) }
}

/** One way to use a secret; `name` where the key depends on it. */
interface Use {
  says: string
  name?: string
  key: Uint8Array
  digest: Digest
}

function useOf(
  value: string,
  name: string | undefined,
  looks: Recognised,
  secret: Uint8Array,
): Use | undefined {
  return usesOf(secret, name, looks).find(({ key, digest }) => {
    return typeof timedSigner(authenticator([key], digest)).verify(value) !== 'string'
  })
}

function usesOf(secret: Uint8Array, name: string | undefined, { digest }: Recognised): Use[] {
  if (secret.length === 0 || digest === undefined) return []
  const flask: Use = {
    says: digest === 'sha1' ? 'as Flask signs' : `as Flask would sign with ${digest}`,
    key: itsdangerousKey(secret, 'cookie-session', digest, 'hmac'),
    digest,
  }
  if (digest !== 'sha256') return [flask]
  const names = new Set([...(name === undefined ? [] : [name]), ...USUAL_NAMES])
  const own = [...names].map((each) => ({
    says: 'as Sojourn signs',
    name: each,
    key: keyFor(secret, 'session', { audience: '', cookieName: each }),
    digest,
  }))
  return [...own, flask]
}

function whyNot(
  value: string,
  name: string | undefined,
  looks: Recognised,
  secrets: readonly GivenSecret[],
): string {
  if (!looks.digest) return 'The signature was cut or added to: no signature has its length.'
  for (const { text, from } of secrets) {
    for (const [spelling, says] of respellings(text)) {
      if (useOf(value, name, looks, spelling))
        return `It verifies with the secret of ${from} ${says}.`
    }
    if (isSignedWithSalt(value, looks.digest, text, 'itsdangerous')) {
      return `The secret of ${from} signed it, but with the salt "itsdangerous": it is no session of Flask.`
    }
  }
  const tried = secrets.map(({ from }) => from).join(', ')
  const names = name === undefined ? ` for the names ${USUAL_NAMES.join(', ')}` : ''
  const depends =
    looks.format === 'sojourn' && name === undefined
      ? " Sojourn's key depends on the cookie's name: say it with --name."
      : ''
  return `The signature does not match (tried: ${tried}${names}). It was signed with another secret, or changed since.${depends}`
}

/** What a secret may have become on its way here: the usual accidents. */
function respellings(text: string): [Uint8Array, string][] {
  const trimmed = text.trim()
  const spellings: [Uint8Array, string][] = []
  if (trimmed !== text) spellings.push([Buffer.from(trimmed), 'without the white space around it'])
  spellings.push([Buffer.from(`${trimmed}\n`), 'with a line end after it'])
  if (/^(["']).+\1$/.test(trimmed)) {
    spellings.push([Buffer.from(trimmed.slice(1, -1)), 'without the quotation marks around it'])
  } else {
    spellings.push([Buffer.from(`"${trimmed}"`), 'with quotation marks around it'])
  }
  if (/^(?:[0-9a-f]{2})+$/i.test(trimmed)) {
    spellings.push([Buffer.from(trimmed, 'hex'), 'taken as hexadecimal bytes'])
  }
  if (/^[\w+/-]+={0,2}$/.test(trimmed)) {
    spellings.push([Buffer.from(trimmed, 'base64'), 'taken as base64 bytes'])
  }
  return spellings
}

function isSignedWithSalt(value: string, digest: Digest, secret: string, salt: string): boolean {
  const key = itsdangerousKey(Buffer.from(secret), salt, digest, 'django-concat')
  return typeof timedSigner(authenticator([key], digest)).verify(value) !== 'string'
}
