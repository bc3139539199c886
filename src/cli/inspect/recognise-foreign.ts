/** Tells the cookies of other libraries from their looks. */

import { decodeBase64url } from '../../base/bytes.ts'
import { parseJson } from '../../record/text/json.ts'
import { isJsonObject, type Recognised, recognised } from './recognised.ts'

/** A JSON Web Token, signed or encrypted. */
// jwt = header "." payload "." signature;   jwe = header "." key "." iv "." text "." tag
export function asJwt(value: string): Recognised | undefined {
  const texts = value.split('.')
  const [header = '', payload = '', signature = ''] = texts
  const head = jsonOf(header)
  if (!head || typeof head.value['alg'] !== 'string') return undefined
  if (texts.length === 5 && typeof head.value['enc'] === 'string') {
    return recognised('jwe', 'an encrypted JSON Web Token, as Auth.js writes', {
      payloads: [{ label: 'header', text: head.text }],
      notes: ['Its payload can be read only with its key.'],
    })
  }
  const body = jsonOf(payload)
  if (texts.length !== 3 || !body) return undefined
  return recognised('jwt', 'a JSON Web Token', {
    parts: [
      { name: 'header', text: header, says: 'JSON in base64url' },
      { name: 'payload', text: payload, says: 'JSON in base64url; anybody can read it' },
      { name: 'signature', text: signature, says: 'by the algorithm the header names' },
    ],
    payloads: [
      { label: 'header', text: head.text },
      { label: 'payload', text: body.text },
    ],
  })
}

/** Cookies of other libraries for sessions. */
export function asForeign(value: string): Recognised | undefined {
  const plain = percentDecoded(value)
  if (/^s:[^.]+\.[A-Za-z0-9+/]{43}=?$/.test(plain)) {
    const dot = plain.lastIndexOf('.')
    return recognised('express-session', "express-session's cookie", {
      parts: [
        { name: 'id', text: plain.slice(2, dot), says: 'the key of the session in its store' },
        { name: 'signature', text: plain.slice(dot + 1), says: 'HMAC-SHA-256' },
      ],
      notes: ['It carries an id only: the data is in the store of the server.'],
    })
  }
  if (/^Fe26\.\d+\*/.test(plain)) {
    return recognised('iron-session', 'a cookie sealed by iron-session, h3 or hapi', {
      notes: ['It is encrypted: only the server that sealed it can read it.'],
    })
  }
  if (/^\.?[\w-]+:[\w-]+:[\w-]{27,43}$/.test(plain)) {
    return recognised('django', 'a value signed by Django')
  }
  if (/^[A-Za-z0-9+/=_-]+--[A-Za-z0-9+/=_-]{24,}$/.test(plain)) {
    return recognised('rails', "Rails' session cookie")
  }
  // value = base64 of JSON; the signature is in a second cookie
  const json = /^[A-Za-z0-9+/_-]+={0,2}$/.test(plain) ? jsonOf(plain, 'base64') : undefined
  if (!json) return undefined
  return recognised('cookie-session', "cookie-session's cookie", {
    parts: [{ name: 'payload', text: plain, says: 'JSON in base64; anybody can read it' }],
    payloads: [{ label: 'payload', text: json.text }],
    notes: ['Its signature is in a second cookie, with .sig after the name.'],
  })
}

function jsonOf(packed: string, encoding: 'base64' | 'base64url' = 'base64url') {
  const bytes = encoding === 'base64' ? Buffer.from(packed, encoding) : decodeBase64url(packed)
  const text = bytes?.toString('utf8') ?? ''
  const parsed = parseJson(text)
  return parsed && isJsonObject(parsed.value) ? { text, value: parsed.value } : undefined
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
