/** Where a run took place: no names of hosts, users or folders. */

import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

export interface Machine {
  processor: string
  cores: number
  memory: string
  system: string
}

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${process.platform} ${process.arch}`,
  }
}

/** The other libraries, and the clients. */
const PACKAGES = [
  'cookie-session',
  'express',
  'express-session',
  'iron-session',
  'fastify',
  '@fastify/secure-session',
  '@fastify/session',
  'hono',
  '@hono/node-server',
  'connect-redis',
  'connect-pg-simple',
  'redis',
  'ioredis',
  'pg',
]

/** The versions of what takes part, by name. */
export function versions(): Record<string, string> {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version, devDependencies } = JSON.parse(text) as {
    version: string
    devDependencies: Record<string, string>
  }
  const others = PACKAGES.map((name) => [name, devDependencies[name] ?? 'none'])
  return { node: process.versions.node, sojourn: version, ...Object.fromEntries(others) }
}
