/** The encoding of @fastify/secure-session (libsodium), without Fastify and its hooks. */

import { createRequire } from 'node:module'
import { ATTRIBUTES, type Contender, type Data } from './contender.ts'

/** What the plugin adds to Fastify. */
interface Encoding {
  createSecureSession(data: Data): Data & { set(key: string, value: unknown): void }
  encodeSecureSession(session: Data): string
  decodeSecureSession(cookie: string, log: object): ReturnType<Encoding['createSecureSession']>
}

type Plugin = (fastify: object, options: object, next: (error?: Error) => void) => void

export function secureSession(): Contender {
  const require = createRequire(import.meta.url)
  const { fastifySecureSession } = require('@fastify/secure-session') as {
    fastifySecureSession: Plugin
  }
  const added: Record<string, unknown> = {}
  const fastify = {
    decorate: (name: string, value: unknown) => (added[name] = value),
    decorateRequest() {},
    hasPlugin: () => true,
    register() {},
  }
  fastifySecureSession(fastify, { key: Buffer.alloc(32, 7) }, (error) => {
    if (error) throw error
  })
  const encoding = added as unknown as Encoding
  // The encoding has a semicolon, which @fastify/cookie escapes.
  const read = (cookie: string) => {
    return encoding.decodeSecureSession(decodeURIComponent(cookie.slice('session='.length)), {})
  }
  const line = (session: Data) => {
    return `session=${encodeURIComponent(encoding.encodeSecureSession(session))}${ATTRIBUTES}`
  }
  return {
    open: (cookie, key) => read(cookie)[key],
    write: (data) => line(encoding.createSecureSession(data)),
    change(cookie, key, value) {
      const session = read(cookie)
      session.set(key, value)
      return line(session)
    },
  }
}
