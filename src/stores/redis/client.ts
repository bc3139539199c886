/** The supported Redis clients, recognized by their shape, behind one interface. */

import { SessionError } from '../../base/errors.ts'

interface CommandOptions {
  timeout?: number | undefined
}

/** node-redis: `createClient`, `createClientPool`. */
export interface NodeRedis {
  /** Whether commands are sent at once instead of queued. Only on a client, not on a pool. */
  readonly isReady?: boolean
  sendCommand(args: string[], options?: CommandOptions): Promise<unknown>
}

/** node-redis: `createCluster`. */
export interface NodeRedisCluster {
  readonly masters: readonly { client?: { readonly isReady: boolean } | undefined }[]
  nodeClient(node: never): unknown
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: CommandOptions,
  ): Promise<unknown>
}

/** node-redis: `createSentinel`. */
export interface NodeRedisSentinel {
  getMasterNode(): unknown
  sendCommand(
    isReadonly: boolean | undefined,
    args: string[],
    options?: CommandOptions,
  ): Promise<unknown>
}

/** ioredis and iovalkey: `new Redis`, `new Cluster`. */
export interface IoRedis {
  readonly isCluster: boolean
  call(command: string, args: string[]): Promise<unknown>
}

/** Further members of ioredis and iovalkey. */
type IoRedisBuffers = IoRedis & {
  callBuffer(command: string, args: (string | Buffer)[]): Promise<unknown>
}

/** Bun: `Bun.redis`, `new RedisClient`. */
export interface BunRedis {
  duplicate(): unknown
  send(command: string, args: string[]): Promise<unknown>
}

/** A client of node-redis, ioredis, iovalkey or Bun, for one server, Sentinel or Cluster. */
export type RedisClient = NodeRedis | NodeRedisCluster | NodeRedisSentinel | IoRedis | BunRedis

/** Sends a command, its name first. */
export type SendCommand = (args: string[]) => Promise<unknown>

/** A client of any of these libraries. */
export interface RedisConnection {
  /** Sends a command to the primary of its key. */
  send(key: string, args: string[]): Promise<unknown>
  /** The same with bytes as arguments; values are returned as Buffers. `undefined`: not supported. */
  readonly sendBytes?: (key: string, args: (string | Buffer)[]) => Promise<unknown>
  /** Every server that accepts writes. */
  primaries(): Promise<SendCommand[]>
  /** The key prefix that the client itself adds, in `send` only. */
  readonly added: string
  /** The client's key prefix, if `send` does not add it: then the store adds it to every key. */
  readonly bypassed: string
}

/** @throws `ERR_OPTION_INVALID` for an unknown client, or one that reads from replicas. */
export function connectRedis(client: RedisClient): RedisConnection {
  if (typeof client !== 'object' || client === null) throw notAClient()
  if ('call' in client && typeof client.call === 'function') return ioRedis(client)
  if (isBunRedis(client)) return bunRedis(client)
  if (!('sendCommand' in client) || typeof client.sendCommand !== 'function') throw notAClient()
  // node-redis up to version 3, its legacy() and `legacyMode` return through callbacks.
  const isLegacy = !('connect' in client) || optionsOf(client)['legacyMode'] === true
  if (isLegacy) throw answersByCallback()
  if ('nodeClient' in client) return nodeRedisCluster(client)
  if ('getMasterNode' in client) return nodeRedisSentinel(client)
  return nodeRedis(client)
}

function ioRedis(client: IoRedis): RedisConnection {
  const options = optionsOf(client)
  if (client.isCluster && options['scaleReads'] !== 'master') {
    throw readsReplicas("scaleReads: 'master'")
  }
  if (options['readOnly'] === true || options['role'] === 'slave') {
    throw readsReplicas('neither readOnly nor role')
  }
  // The client adds its prefix only if the command's name is in small letters.
  const sendBy =
    (one: IoRedis): SendCommand =>
    (args) =>
      one.call(String(args[0]).toLowerCase(), args.slice(1))
  const send = sendBy(client)
  return {
    added: String(options['keyPrefix'] ?? ''),
    bypassed: '',
    send: (_key, args) => send(args),
    sendBytes: (_key, args) =>
      (client as IoRedisBuffers).callBuffer(String(args[0]).toLowerCase(), args.slice(1)),
    async primaries() {
      if (!client.isCluster) return [send]
      // A cluster client knows no nodes before its first command.
      await send(['PING'])
      const { nodes } = client as IoRedis & { nodes(role: 'master'): IoRedis[] }
      return nodes.call(client, 'master').map(sendBy)
    },
  }
}

/** Whether it is Bun's client: many other objects have a `send`, such as sockets. */
function isBunRedis(client: object): client is BunRedis {
  return 'send' in client && 'duplicate' in client && !('sendCommand' in client)
}

function bunRedis(client: BunRedis): RedisConnection {
  const send: SendCommand = ([name = '', ...args]) => client.send(name, args)
  return {
    added: '',
    bypassed: '',
    send: (_key, args) => send(args),
    primaries: async () => [send],
  }
}

function nodeRedis(client: NodeRedis): RedisConnection {
  if (optionsOf(client)['readonly'] === true) throw readsReplicas('readonly: false')
  const send: SendCommand = (args) =>
    client.sendCommand(args, client.isReady === false ? undefined : NO_TIMEOUT)
  return {
    ...prefixOf(client),
    send: (_key, args) => send(args),
    sendBytes: (_key, args) =>
      client.sendCommand(args as string[], client.isReady === false ? BYTES : BYTES_NO_TIMEOUT),
    primaries: async () => [send],
  }
}

function nodeRedisCluster(client: NodeRedisCluster): RedisConnection {
  if (optionsOf(client)['useReplicas'] === true) throw readsReplicas('useReplicas: false')
  const isReady = () => client.masters.every((node) => node.client?.isReady !== false)
  return {
    ...prefixOf(client),
    send: (key, args) => client.sendCommand(key, false, args, isReady() ? NO_TIMEOUT : undefined),
    sendBytes: (key, args) =>
      client.sendCommand(key, false, args as string[], isReady() ? BYTES_NO_TIMEOUT : BYTES),
    primaries: () =>
      Promise.all(
        client.masters.map(async (node) => {
          const one = (await client.nodeClient(node as never)) as NodeRedis
          return (args: string[]) => one.sendCommand(args)
        }),
      ),
  }
}

function nodeRedisSentinel(client: NodeRedisSentinel): RedisConnection {
  // Sentinel sends a command only once the master's client is ready.
  const send: SendCommand = (args) => client.sendCommand(false, args, NO_TIMEOUT)
  return {
    ...prefixOf(client),
    send: (_key, args) => send(args),
    sendBytes: (_key, args) => client.sendCommand(false, args as string[], BYTES_NO_TIMEOUT),
    primaries: async () => [send],
  }
}

/**
 * Options that turn off the command timeout. By default node-redis 6 makes an `AbortSignal.timeout`
 * for each command and never clears it: at 10 000 commands a second 50 000 timers are alive, and a
 * read takes twice the processor time.
 *
 * That timeout only ends commands that were not sent yet. Commands to a disconnected client still
 * have it, so that the queue stays bounded during an outage. The backend always has its own
 * deadline.
 */
const NO_TIMEOUT: CommandOptions = { timeout: undefined }

/** Options that return values as Buffers: for node-redis 5 and newer ("$" in RESP), and for version 4. */
const BYTES = { typeMapping: { 36: Buffer }, returnBuffers: true } as CommandOptions
const BYTES_NO_TIMEOUT = { ...NO_TIMEOUT, ...BYTES }

/** The client's prefix: node-redis does not add it to the keys of a raw command. */
function prefixOf(client: object): { added: ''; bypassed: string } {
  const { _keyPrefix } = client as { _keyPrefix?: unknown }
  return { added: '', bypassed: String(_keyPrefix ?? '') }
}

/** The options of a client. Each library stores them under another name. */
function optionsOf(client: object): Record<string, unknown> {
  const { options, _options } = client as { options?: unknown; _options?: unknown }
  const found = options ?? _options
  return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {}
}

function notAClient(): SessionError {
  const why =
    'has to be a client of node-redis, ioredis, iovalkey or Bun, made by you and connected'
  return new SessionError('ERR_OPTION_INVALID', 'client', why)
}

function answersByCallback(): SessionError {
  const why =
    'returns through callbacks. Pass a client of node-redis 4 or newer without legacyMode, not its legacy()'
  return new SessionError('ERR_OPTION_INVALID', 'client', why)
}

function readsReplicas(remedy: string): SessionError {
  const why = `reads from replicas, which lag behind: a session that has ended would still be valid. Pass a client of its own to the store, with ${remedy}`
  return new SessionError('ERR_OPTION_INVALID', 'client', why)
}
