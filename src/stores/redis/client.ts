/** The Redis clients a store can be given: told apart by shape, and all spoken to in one way. */

import { SessionError } from '../../base/errors.ts'

/** node-redis: `createClient`, `createClientPool`. */
export interface NodeRedis {
  /** Of a client, not of a pool: whether commands leave at once, instead of waiting in a queue. */
  readonly isReady?: boolean
  sendCommand(args: string[], options?: CommandOptions): Promise<unknown>
}

/** What node-redis is told of a command. */
interface CommandOptions {
  timeout?: number | undefined
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

/** A client of node-redis, ioredis or iovalkey: of one server, a Sentinel's master or a Cluster. */
export type RedisClient = NodeRedis | NodeRedisCluster | NodeRedisSentinel | IoRedis

/** Sends a command, its name first. */
export type SendCommand = (args: string[]) => Promise<unknown>

/** One way to speak to every client. */
export interface RedisConnection {
  /** Sends a command to the server of its one key, always the primary. */
  send(key: string, args: string[]): Promise<unknown>
  /** Every server that takes writes. */
  primaries(): Promise<SendCommand[]>
  /** What the client by itself puts before each key in `send`, and nowhere else. */
  readonly added: string
  /** The client's own key prefix, where `send` goes past it: to be part of every key. */
  readonly bypassed: string
}

/** @throws `ERR_OPTION_INVALID` for what is no client, or one that reads from replicas. */
export function connectRedis(client: RedisClient): RedisConnection {
  if (typeof client !== 'object' || client === null) throw notAClient()
  if ('call' in client && typeof client.call === 'function') return ioRedis(client)
  if (!('sendCommand' in client) || typeof client.sendCommand !== 'function') throw notAClient()
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
  // The client looks key positions up by the name in small letters, to put its prefix there.
  const sendBy =
    (one: IoRedis): SendCommand =>
    (args) =>
      one.call(String(args[0]).toLowerCase(), args.slice(1))
  const send = sendBy(client)
  return {
    added: String(options['keyPrefix'] ?? ''),
    bypassed: '',
    send: (_key, args) => send(args),
    async primaries() {
      if (!client.isCluster) return [send]
      // Before its first command a cluster client knows no nodes.
      await send(['PING'])
      const { nodes } = client as IoRedis & { nodes(role: 'master'): IoRedis[] }
      return nodes.call(client, 'master').map(sendBy)
    },
  }
}

function nodeRedis(client: NodeRedis): RedisConnection {
  if (optionsOf(client)['readonly'] === true) throw readsReplicas('readonly: false')
  const send: SendCommand = (args) =>
    client.sendCommand(args, client.isReady === false ? undefined : NO_TIMEOUT)
  return { ...prefixOf(client), send: (_key, args) => send(args), primaries: async () => [send] }
}

function nodeRedisCluster(client: NodeRedisCluster): RedisConnection {
  if (optionsOf(client)['useReplicas'] === true) throw readsReplicas('useReplicas: false')
  const isReady = () => client.masters.every((node) => node.client?.isReady !== false)
  return {
    ...prefixOf(client),
    send: (key, args) => client.sendCommand(key, false, args, isReady() ? NO_TIMEOUT : undefined),
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
  // Commands only go to a master's client that is ready, and wait for one elsewhere.
  const send: SendCommand = (args) => client.sendCommand(false, args, NO_TIMEOUT)
  return { ...prefixOf(client), send: (_key, args) => send(args), primaries: async () => [send] }
}

/**
 * For node-redis 6, which otherwise makes an `AbortSignal.timeout` for each command, and never clears
 * it: at 10 000 commands a second 50 000 timers are alive, and a read takes twice the processor time.
 *
 * The timeout only ever ends commands that were not written to the socket yet. While the client is
 * disconnected they keep it, so that its queue does not grow for as long as an outage lasts. Whoever
 * waits for the answer has a deadline of the backend's in any case.
 */
const NO_TIMEOUT: CommandOptions = { timeout: undefined }

/** node-redis leaves a raw command's keys as they are, and its prefix to whoever sends it. */
function prefixOf(client: object): { added: ''; bypassed: string } {
  const { _keyPrefix } = client as { _keyPrefix?: unknown }
  return { added: '', bypassed: String(_keyPrefix ?? '') }
}

/** The options a client was made with; each library keeps them in a place of its own. */
function optionsOf(client: object): Record<string, unknown> {
  const { options, _options } = client as { options?: unknown; _options?: unknown }
  const found = options ?? _options
  return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {}
}

function notAClient(): SessionError {
  const why = 'has to be a client of node-redis, ioredis or iovalkey, made by you and connected'
  return new SessionError('ERR_OPTION_INVALID', 'client', why)
}

function readsReplicas(remedy: string): SessionError {
  const why = `reads from replicas, which lag behind: a session that has ended would still open. Give the store a client of its own with ${remedy}`
  return new SessionError('ERR_OPTION_INVALID', 'client', why)
}
