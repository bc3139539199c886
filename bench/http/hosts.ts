/** The hosts whose requests are measured, each without sessions, with ours, and with what else it has. */

import type { Section } from '../figures.ts'
import { type Comparison, compareServers } from './compare.ts'

export const PAGES = ['never asks', 'read', 'write'] as const

const HOSTS: Record<string, Pick<Comparison, 'host' | 'names'>> = {
  'node:http': { host: 'http/node-http', names: ['none', 'by hand', 'sojourn', 'cookie-session'] },
  Express: {
    host: 'http/express',
    names: ['none', 'by hand', 'sojourn', 'cookie-session', 'express-session, memory'],
  },
  Fastify: {
    host: 'http/fastify',
    names: ['none', 'sojourn', '@fastify/secure-session', '@fastify/session, memory'],
  },
  Hono: { host: 'http/hono', names: ['none', 'by hand', 'sojourn', 'Hono signed cookie'] },
}

export const HOST_NAMES = Object.keys(HOSTS)

export function host(label: string): Section {
  return (effort) => compareServers({ label, pages: PAGES, ...HOSTS[label]! }, effort)
}
