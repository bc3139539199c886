/** Carries a record's text into an app under the app's own secret: in each kind of cookie, and in rows. */

import { deflateSync } from 'node:zlib'
import { encrypter } from '../../src/crypto/encrypted.ts'
import { authenticator, timedSigner } from '../../src/crypto/signed.ts'
import { flaskSigner } from '../../src/flask/flask-cookie.ts'
import { keyFor, type Purpose } from '../../src/crypto/keys.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { fakeClock } from '../../src/testing/testing.ts'
import { SECRET, T0 } from '../session/visitor.ts'
import { type App, ENCRYPTED, ENCRYPTED_ROW, FLASK, ID, type Kind, SIGNED } from './kinds.ts'

/** A way in. */
export interface Carrier {
  readonly name: string
  /** How many objects and lists stand around a value of the data. */
  readonly levelsAround: number
  /** A record's text with this text as the value of `x`. */
  record(text: string): string
  app(): App
  /** The Cookie header that brings this record to the app. */
  carry(app: App, record: string): Promise<string>
}

/** The same for bytes that are a zlib stream, or pretend to be one. */
export interface DeflatedCarrier extends Carrier {
  carryDeflated(bytes: Uint8Array): string
}

const scope = { audience: '', cookieName: 'session' }
const keyOf = (purpose: Purpose) => keyFor(Buffer.from(SECRET), purpose, scope)
const base64url = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64url')

const ownSigner = timedSigner(authenticator([keyOf('session')], 'sha256'))
const signers = { own: ownSigner, flask: flaskSigner([Buffer.from(SECRET)], {}) }

const own = { levelsAround: 2, record: (text: string) => `["s44we8.abc123",{"x":${text}}]` }
const flask = { levelsAround: 1, record: (text: string) => `{"x":${text}}` }

function signed(kind: Kind, shape: typeof own, by: keyof typeof signers): Carrier {
  const cookie = (body: string) => `session=${signers[by].sign(body, T0 / 1000)}`
  return {
    ...shape,
    name: kind.name,
    app: () => kind.app(),
    carry: async (_app, record) => cookie(base64url(record)),
  }
}

function deflated(kind: Kind, shape: typeof own, by: keyof typeof signers): DeflatedCarrier {
  const carryDeflated = (bytes: Uint8Array) =>
    `session=${signers[by].sign(`.${base64url(bytes)}`, T0 / 1000)}`
  return {
    ...signed(kind, shape, by),
    name: `${kind.name}, deflated`,
    carry: async (_app, record) => carryDeflated(deflateSync(record)),
    carryDeflated,
  }
}

const encrypted: Carrier = {
  ...own,
  name: ENCRYPTED.name,
  app: () => ENCRYPTED.app(),
  async carry(_app, record) {
    const { seal } = encrypter([keyOf('encrypted')], { ...scope, purpose: 'session' })
    return `session=${seal(record, T0 / 1000)}`
  },
}

/** The text is put into the row of a genuine session. */
function row(
  kind: Kind,
  unseal: (body: string, key: string) => string,
  seal: typeof unseal,
): Carrier {
  const clock = fakeClock(T0)
  const store = memoryStore({ clock })
  return {
    ...own,
    name: kind.name,
    app: () => kind.app({ clock, store }),
    async carry(app, record) {
      const value = await app.cookieOf((session) => session.set('x', 1))
      const [key = ''] = value.split('.')
      const found = (await store.read(key))!
      const [head] = unseal(found.body, key).split('\n')
      const body = seal(`${head}\n${record}`, key)
      await store.swap(key, found.write, { ...found, write: 'forged', body })
      return `session=${value}`
    },
  }
}

const rows = encrypter([keyOf('row')], { ...scope, purpose: 'row' })
const opened = (body: string, key: string) => {
  const plain = rows.open(body, key)
  if (typeof plain === 'string') throw new Error(plain)
  return plain.text
}

/** The carriers that deflate. */
export const DEFLATED: readonly DeflatedCarrier[] = [
  deflated(SIGNED, own, 'own'),
  deflated(FLASK, flask, 'flask'),
]

/** Every way in. */
export const CARRIERS: readonly Carrier[] = [
  signed(SIGNED, own, 'own'),
  signed(FLASK, flask, 'flask'),
  ...DEFLATED,
  encrypted,
  row(
    ID,
    (body) => body,
    (body) => body,
  ),
  row(ENCRYPTED_ROW, opened, (body, key) => rows.seal(body, T0 / 1000, key)),
]
