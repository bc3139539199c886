/** Seals and opens the encrypted envelope beside its bare parts and its peers: `node bench/encrypted.ts`. */

import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { sealData, unsealData } from 'iron-session'
import { lengthPrefixed } from '../src/base/bytes.ts'
import { encrypter } from '../src/crypto/encrypted.ts'
import { headedHmac } from '../src/crypto/hmac.ts'
import { cookieHeader, ours } from './contenders.ts'
import { elapsedTime, type Medians, medians, processorTime, repeat, type Work } from './measure.ts'
import { big, small } from './payloads.ts'

type Data = Record<string, unknown>

/** Text to the value of a cookie, and back. */
interface Box {
  seal(text: string): string
  open(value: string): string
}

/** Data to the value of a cookie, and from there to one value. */
interface Peer {
  write(data: Data): string | undefined | Promise<string | undefined>
  /** What a browser sends back of what was written. The same, if left out. */
  returned?(written: string | undefined): string
  open(value: string, key: string): unknown
}

const SECONDS = 1_800_000_000
const BARE = 'bare'
const rounds = Number(process.argv[2] ?? 60)

function envelope(): Box {
  const scope = { purpose: 'encrypted', audience: '', cookieName: 'session' }
  const box = encrypter([randomBytes(32)], scope)
  return {
    seal: (text) => box.seal(text, SECONDS),
    open(value) {
      const opened = box.open(value)
      if (typeof opened === 'string') throw new Error(opened)
      return opened.text
    },
  }
}

// salt ciphertext tag, under the same keys as ours
function bare(): Box {
  const hmac = headedHmac(randomBytes(32), 'sha512', randomBytes(65))
  const okm = Buffer.alloc(64)
  const tail = Buffer.concat([lengthPrefixed(''), Buffer.from([0, 0, 0, 24]), Buffer.alloc(24)])
  const [key, nonce] = [okm.subarray(0, 32), okm.subarray(32, 44)]
  function derive(salt: Uint8Array): void {
    tail.set(salt, 8)
    okm.write(hmac(tail), 'latin1')
  }
  return {
    seal(text) {
      const salt = randomBytes(24)
      derive(salt)
      const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce)
      const ciphertext = cipher.update(text, 'utf8')
      cipher.final()
      return Buffer.concat([salt, ciphertext, cipher.getAuthTag()]).toString('base64url')
    },
    open(value) {
      const bytes = Buffer.from(value, 'base64url')
      derive(bytes.subarray(0, 24))
      const cipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce)
      cipher.setAuthTag(bytes.subarray(-16))
      const text = cipher.update(bytes.subarray(24, -16)).toString('utf8')
      cipher.final()
      return text
    },
  }
}

function asPeer(box: Box): Peer {
  return {
    write: (data) => box.seal(JSON.stringify(data)),
    open: (value, key) => (JSON.parse(box.open(value)) as Data)[key],
  }
}

/** The whole way: from a Cookie header, through a session, to a Set-Cookie line. */
function session(): Peer {
  const { write, open } = ours({ encrypt: true })
  return { write, open, returned: cookieHeader }
}

function ironSession(): Peer {
  const password = randomBytes(32).toString('base64url')
  return {
    write: (data) => sealData(data, { password }),
    open: async (value, key) => (await unsealData<Data>(value, { password }))[key],
  }
}

/** What the plugin gives to Fastify: its encoding alone, without its hooks. */
interface SecureSession {
  createSecureSession(data: Data): Data
  encodeSecureSession(session: Data): string
  decodeSecureSession(cookie: string, log: object): Data
}

type Plugin = (fastify: object, options: object, next: (error?: Error) => void) => void

function secureSession(): Peer {
  const require = createRequire(import.meta.url)
  const { fastifySecureSession } = require('@fastify/secure-session') as {
    fastifySecureSession: Plugin
  }
  const given: Record<string, unknown> = {}
  const fastify = {
    decorate: (name: string, value: unknown) => (given[name] = value),
    decorateRequest() {},
    hasPlugin: () => true,
    register() {},
  }
  fastifySecureSession(fastify, { key: randomBytes(32) }, (error) => {
    if (error) throw error
  })
  const plugin = given as unknown as SecureSession
  return {
    write: (data) => plugin.encodeSecureSession(plugin.createSecureSession(data)),
    open: (value, key) => plugin.decodeSecureSession(value, {})[key],
  }
}

async function worksOf(peers: Record<string, Peer>, data: Data): Promise<Record<string, Work>> {
  const works: Record<string, Work> = {}
  for (const [name, peer] of Object.entries(peers)) {
    const written = await peer.write(data)
    const value = peer.returned ? peer.returned(written) : written!
    if ((await peer.open(value, 'user_id')) !== 4217) throw new Error(`${name} cannot read itself.`)
    works[`open ${name}`] = repeat(() => peer.open(value, 'user_id'))
    works[`write ${name}`] = repeat(() => peer.write(data))
  }
  return works
}

function boxWorks(boxes: Record<string, Box>, text: string): Record<string, Work> {
  const works: Record<string, Work> = {}
  for (const [name, box] of Object.entries(boxes)) {
    const value = box.seal(text)
    if (box.open(value) !== text) throw new Error(`${name} cannot read itself.`)
    works[`open ${name}`] = repeat(() => box.open(value))
    works[`write ${name}`] = repeat(() => box.seal(text))
  }
  return works
}

function report(what: string, found: Medians): void {
  const names = [...new Set(Object.keys(found).map((name) => name.slice(name.indexOf(' ') + 1)))]
  for (const job of ['open', 'write']) {
    const base = found[`${job} ${BARE}`]!
    const cells = names.map((name) => {
      const time = found[`${job} ${name}`]!
      return `${name} ${Math.round(time)} (${(time / base).toFixed(2)})`
    })
    console.log(`${what.padEnd(5)} ${job.padEnd(6)} ${cells.join('   ')}`)
  }
}

process.env['NODE_ENV'] = 'production'
console.log(
  `Node ${process.version}, ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds`,
)
const boxes = { [BARE]: bare(), envelope: envelope() }
const peers: Record<string, Peer> = {
  [BARE]: asPeer(boxes[BARE]),
  envelope: asPeer(boxes.envelope),
  session: session(),
  'iron-session': ironSession(),
  'secure-session': secureSession(),
}
for (const [size, data] of Object.entries({ small, big })) {
  const text = JSON.stringify(data)
  console.log(
    `\n${size}: ${text.length} bytes of JSON; ns (ratio to the bare path); data: with JSON; wait: by the clock`,
  )
  report('text', await medians(boxWorks(boxes, text), rounds))
  const works = await worksOf(peers, data)
  report('data', await medians(works, rounds, processorTime))
  report('wait', await medians(works, rounds, elapsedTime))
}
