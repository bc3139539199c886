/** The supported Redis clients, recognized by their shape, behind one interface. */

import { SessionError } from '../../base/errors.ts'

interface CommandOptions {
  timeout?: number | undefined
}

/** node-redis: `createClient`, `createClientPool`. */
export interface NodeRedis {
  /** Only on a client, not on a pool: whether commands are sent at once, and not queued. */
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

/** What ioredis and iovalkey have beside `call`. */
type IoRedisBuffers = IoRedis & {
  callBuffer(command: string, args: (string | Buffer)[]): Promise<unknown>
}

/** Bun: `Bun.redis`, `new RedisClient`. */
export interface BunRedis {
  duplicate(): unknown
  send(command: string, args: string[]): Promise<unknown>
}

/** A client of node-redis, ioredis, iovalkey or Bun: of one server, a Sentinel's master or a Cluster. */
export type RedisClient = NodeRedis | NodeRedisCluster | NodeRedisSentinel | IoRedis | BunRedis

/** Sends a command, its name first. */
export type SendCommand = (args: string[]) => Promise<unknown>

/** A client, whichever library it is from. */
export interface RedisConnection {
  /** Sends a command to the primary of its key. */
  send(key: string, args: string[]): Promise<unknown>
  /** The same with arguments of bytes; a value is returned as a Buffer. `undefined`: it cannot. */
  readonly sendBytes?: (key: string, args: (string | Buffer)[]) => Promise<unknown>
  /** Every server that takes writes. */
  primaries(): Promise<SendCommand[]>
  /** The key prefix that the client itself adds, in `send` only. */
  readonly added: string
  /** The client's key prefix, if `send` bypasses it: the store adds it to every key. */
  readonly bypassed: string
}

/** @throws `ERR_OPTION_INVALID` for an unknown client, or one that reads from replicas. */
export function connectRedis(client: RedisClient): RedisConnection {
  if (typeof client !== 'object' || client === null) throw notAClient()
  if ('call' in client && typeof client.call === 'function') return ioRedis(client)
  if (isBunRedis(client)) return bunRedis(client)
  if (!('sendCommand' in client) || typeof client.sendCommand !== 'function') throw notAClient()
  // node-redis' legacy() and `legacyMode`, and its versions up to 3, answer through callbacks.
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
  // The client finds the keys, to add its prefix, by the command's name in small letters.
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
      // Before its first command a cluster client knows no nodes.
      await send(['PING'])
      const { nodes } = client as IoRedis & { nodes(role: 'master'): IoRedis[] }
      return nodes.call(client, 'master').map(sendBy)
    },
  }
}

/** Many objects have a `send`, such as a socket. */
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
 * Otherwise node-redis 6 makes an `AbortSignal.timeout` for each command and never clears it: at
 * 10 000 commands a second 50 000 timers are alive, and a read takes twice the processor time.
 *
 * The timeout only ends commands that were not sent yet. Commands to a disconnected client keep it,
 * so that the queue stays bounded during an outage. The backend has a deadline of its own in any
 * case.
 */
const NO_TIMEOUT: CommandOptions = { timeout: undefined }

/** Values as Buffers: of "$" in RESP, as node-redis 5 and newer are told; and as version 4 is. */
const BYTES = { typeMapping: { 36: Buffer }, returnBuffers: true } as CommandOptions
const BYTES_NO_TIMEOUT = { ...NO_TIMEOUT, ...BYTES }

/** node-redis does not add its prefix to the keys of a raw command. */
function prefixOf(client: object): { added: ''; bypassed: string } {
  const { _keyPrefix } = client as { _keyPrefix?: unknown }
  return { added: '', bypassed: String(_keyPrefix ?? '') }
}

/** The options of a client, which each library stores under another name. */
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
    'answers through callbacks. Pass a client of node-redis 4 or newer without legacyMode, not its legacy()'
  return new SessionError('ERR_OPTION_INVALID', 'client', why)
}

function readsReplicas(remedy: string): SessionError {
  const why = `reads from replicas, which lag behind: a session that has ended would still open. Give the store a client of its own with ${remedy}`
  return new SessionError('ERR_OPTION_INVALID', 'client', why)
}
