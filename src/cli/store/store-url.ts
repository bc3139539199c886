/** Where a store is, as the command line names it, and what of that must not be shown. */

import { usageError } from '../command/usage-error.ts'

/** A store's address, taken apart only as far as its client does not do it by itself. */
export type StoreAddress =
  | { engine: 'SQLite'; path: string }
  | { engine: 'Redis'; url: string }
  | { engine: 'Redis Cluster'; node: ClusterNode }
  | { engine: 'PostgreSQL'; url: string }

/** One server of a Cluster, which names the others. */
export interface ClusterNode {
  host: string
  port: number
  username: string
  password: string
  isSecure: boolean
}

/** Reads a store's address. No message repeats any of it: there may be a password inside. */
export function storeAddress(text: string): StoreAddress {
  const scheme = /^[a-z-]+(?=:)/i.exec(text)?.[0].toLowerCase()
  switch (scheme) {
    case 'sqlite':
      return { engine: 'SQLite', path: sqlitePath(text.slice('sqlite:'.length)) }
    case 'redis':
    case 'rediss':
      return { engine: 'Redis', url: parsed(text).href }
    case 'redis-cluster':
    case 'rediss-cluster':
      return { engine: 'Redis Cluster', node: clusterNode(parsed(text)) }
    case 'postgres':
    case 'postgresql':
      // Not parsed: `host1,host2` and an address without a host are for the client to understand.
      if (text.startsWith('//', scheme.length + 1)) return { engine: 'PostgreSQL', url: text }
  }
  throw usageError(
    'That is no URL of a store. A store is given as sqlite:path/to/file.db, redis://..., ' +
      'rediss://..., redis-cluster://..., rediss-cluster://... or postgres://...',
  )
}

function sqlitePath(path: string): string {
  // Some tools take what follows `sqlite:///` for a relative path, others for an absolute one.
  if (path.startsWith('//')) {
    throw usageError('Write the path right behind the colon: sqlite:path/to/file.db.')
  }
  if (path === '' || path === ':memory:') {
    throw usageError('A file is needed, such as sqlite:path/to/file.db.')
  }
  return path
}

function parsed(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && url.hostname !== '') return url
  throw usageError(
    'The URL of the store cannot be read. In a user name or password, characters such as @ : / ? # ' +
      'have to be written as %40 %3A %2F %3F %23.',
  )
}

function clusterNode({ protocol, hostname, port, username, password }: URL): ClusterNode {
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    username: unescaped(username),
    password: unescaped(password),
    isSecure: protocol.startsWith('rediss'),
  }
}

/** Every spelling of a password in a URL, and the URL itself. Errs towards hiding too much. */
export function secretsIn(text: string): string[] {
  // userinfo = user [":" password] "@";   a "@" in a password should be escaped, but often is not
  const raw = /^[^:]*:\/\/[^:]*:([^]*)@/.exec(text)?.[1] ?? ''
  const url = URL.canParse(text) ? new URL(text) : undefined
  const parameters = [...(url?.searchParams ?? [])]
    .filter(([name]) => /pass|secret|token/i.test(name))
    .map(([, value]) => value)
  const found = [raw, url?.password ?? '', ...parameters].filter((secret) => secret !== '')
  if (found.length === 0) return []
  const spellings = found.flatMap((secret) => [
    secret,
    unescaped(secret),
    encodeURIComponent(unescaped(secret)),
  ])
  return [...new Set([text, ...spellings])]
}

/** The text without percent-encoding, or as it is where that is broken. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
