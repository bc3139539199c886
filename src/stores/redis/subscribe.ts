/** Notifications of ended sessions by Redis pub/sub, on a second connection of the app. */

import { SessionError } from '../../base/errors.ts'
import type { RedisClient } from './client.ts'
import { textOf } from './row.ts'

/** node-redis: a client, `createCluster` or `createSentinel`. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

/** ioredis and iovalkey. */
export interface IoRedisSubscriber {
  readonly isCluster: boolean
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  off(event: 'message', listener: (channel: string, message: string) => void): unknown
}

/** A connected client that is used only for subscriptions. */
export type RedisSubscriber = NodeRedisSubscriber | IoRedisSubscriber

/** Calls `heard` with each message of a channel; returns a function that stops it. */
export type Subscribe = (heard: (message: string) => void) => Promise<() => Promise<void>>

/**
 * Makes the subscription to a channel. The clients subscribe again after they have reconnected.
 *
 * @throws `ERR_OPTION_INVALID` if it cannot subscribe, or is the client of the store itself.
 */
export function subscriptionTo(
  channel: string,
  subscriber: RedisSubscriber,
  client: RedisClient,
): Subscribe {
  if (typeof (subscriber as Partial<RedisSubscriber> | null)?.subscribe !== 'function') {
    throw invalidSubscriber('has to be a client that can subscribe')
  }
  if ((subscriber as unknown) === client) {
    throw invalidSubscriber(
      "is the store's client itself: a connection that subscribes cannot read",
    )
  }
  return 'isCluster' in subscriber
    ? (heard) => ofIoRedis(subscriber, channel, heard)
    : (heard) => ofNodeRedis(subscriber, channel, heard)
}

async function ofNodeRedis(
  subscriber: NodeRedisSubscriber,
  channel: string,
  heard: (message: string) => void,
) {
  const listener = (message: unknown) => heard(textOf(message) ?? '')
  await subscriber.subscribe(channel, listener)
  return async () => void (await subscriber.unsubscribe(channel, listener))
}

/** Stores share the channels of a connection: the last one unsubscribes. */
const users = new WeakMap<object, Map<string, number>>()

async function ofIoRedis(
  subscriber: IoRedisSubscriber,
  channel: string,
  heard: (message: string) => void,
) {
  const counts = users.get(subscriber) ?? new Map<string, number>()
  users.set(subscriber, counts)
  const listener = (of: string, message: string) => void (of === channel && heard(message))
  subscriber.on('message', listener)
  counts.set(channel, (counts.get(channel) ?? 0) + 1)
  const leave = () => {
    subscriber.off('message', listener)
    counts.set(channel, counts.get(channel)! - 1)
  }
  try {
    await subscriber.subscribe(channel)
  } catch (error) {
    leave()
    throw error
  }
  return async () => {
    leave()
    if (counts.get(channel) === 0) await subscriber.unsubscribe(channel)
  }
}

function invalidSubscriber(why: string): SessionError {
  return new SessionError('ERR_OPTION_INVALID', 'subscriber', `${why}. Pass client.duplicate()`)
}
