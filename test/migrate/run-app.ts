/** Runs a CommonJS app of several files, given as texts, over HTTP. */

import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { posix } from 'node:path'
import { onTestFinished } from 'vitest'
import * as sojourn from 'sojourn'
import * as adapter from 'sojourn/express'
import * as memory from 'sojourn/stores/memory'

const installed = createRequire(import.meta.url)
const OURS: Readonly<Record<string, unknown>> = {
  sojourn,
  'sojourn/express': adapter,
  'sojourn/stores/memory': memory,
}

/** Loads a file of an app, and what it requires: Sojourn from its source, the rest as installed. */
export function load(files: ReadonlyMap<string, string>, path: string): unknown {
  const loaded = new Map<string, { exports: unknown }>()
  const loadFile = (file: string): unknown => {
    const known = loaded.get(file)
    if (known) return known.exports
    const module = { exports: {} as unknown }
    loaded.set(file, module)
    const require = (name: string) => {
      if (name in OURS) return OURS[name]
      if (!name.startsWith('.')) return installed(name)
      const wanted = posix.join(posix.dirname(file), name)
      return loadFile(files.has(wanted) ? wanted : `${wanted}.js`)
    }
    // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the migrated text itself is tested
    new Function('require', 'module', 'exports', files.get(file)!)(require, module, module.exports)
    return module.exports
  }
  return loadFile(path)
}

/** Serves an app, and makes visitors with cookie jars of their own. */
export async function serve(app: RequestListener): Promise<() => Visitor> {
  const server = createServer(app)
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return () => visitor(port)
}

function visitor(port: number): Visitor {
  const jar = new Map<string, string>()
  return async (method, path, body) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      redirect: 'manual',
      headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (value === '' || /max-age=0/i.test(line)) jar.delete(name!)
      else jar.set(name!, value!)
    }
    const { status, headers } = response
    return { status, location: headers.get('location'), body: await response.text() }
  }
}

/** Asks for a page, and has the status and the body of the response. */
export type Visitor = (method: string, path: string, body?: unknown) => Promise<Answer>

interface Answer {
  status: number
  location: string | null
  body: string
}

/** A secret for apps of tests. */
export const SECRET = '3f9a8c7b6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a'
