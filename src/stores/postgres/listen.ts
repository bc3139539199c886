/** Notifications of ended sessions by LISTEN and NOTIFY, on a connection of the app. */

import { SessionError } from '../../base/errors.ts'

/** A connected `Client` of `pg`, or a client of its pool. */
export interface PgListener {
  query(text: string): Promise<unknown>
  on(event: 'notification', listener: (message: PgNotification) => void): unknown
  on(event: 'error' | 'end', listener: (error?: unknown) => void): unknown
  off(event: 'notification', listener: (message: PgNotification) => void): unknown
  off(event: 'error' | 'end', listener: (error?: unknown) => void): unknown
  end?(): Promise<unknown>
  /** Only on a client of a pool: `true` closes the connection. */
  release?(destroy: true): unknown
  unref?(): unknown
}

interface PgNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** The result of `postgres(url)`, or a PGlite database: they reconnect by themselves. */
export interface ListeningClient {
  listen(
    channel: string,
    heard: (key: string) => void,
  ): PromiseLike<(() => unknown) | { unlisten(): unknown }>
}

/**
 * A connected `Client` of `pg`, whose notifications end if its connection ends; or a function that
 * connects one, which is then called again; or `postgres`; or PGlite.
 */
export type PostgresListener =
  | PgListener
  | (() => PgListener | PromiseLike<PgListener>)
  | ListeningClient

/** Starts listening. `lost` is called if the connection has ended. Returns a function that stops. */
export type Listen = (
  heard: (key: string) => void,
  lost: () => void,
) => Promise<() => Promise<void>>

/** Listens on a channel, whose name needs no quoting. @throws `ERR_OPTION_INVALID` */
export function listeningOn(channel: string, listener: PostgresListener): Listen {
  if ('listen' in Object(listener)) {
    const client = listener as ListeningClient
    return shared(client, channel, (heard) => listenByItself(client, channel, heard))
  }
  if (typeof listener === 'function') {
    return async (heard, lost) => {
      const client = await listener()
      // This client belongs to the store: it must not keep the process alive, and is closed at the
      // end.
      client.unref?.()
      const close = async () => {
        if (client.release) client.release(true)
        else await client.end?.()
      }
      const ended = () => {
        lost()
        close().catch(() => {})
      }
      const stop = await listenWith(client, channel, heard, ended).catch((error: unknown) => {
        close().catch(() => {})
        throw error
      })
      return async () => {
        // Remove the listener first: closing would otherwise be reported as a lost connection.
        await stop().catch(() => {})
        await close()
      }
    }
  }
  const client = listener as PgListener
  if ([client?.query, client?.on, client?.off].some((verb) => typeof verb !== 'function')) {
    throw invalid('has to be a Client of pg, a function that connects one, or postgres')
  }
  if ('totalCount' in client) {
    throw invalid(
      'is a pool, which uses changing connections. Pass a function that connects a Client',
    )
  }
  return shared(client, channel, (heard, lost) => listenWith(client, channel, heard, lost))
}

/** The subscription to a channel of a client, shared by several stores. */
interface SharedChannel {
  readonly users: Set<{ heard(key: string): void; lost(): void }>
  readonly stop: Promise<() => Promise<void>>
}

const channelsOf = new WeakMap<object, Map<string, SharedChannel>>()

/** Listens once per client and channel: UNLISTEN applies to the whole client, so the last one sends it. */
function shared(client: object, channel: string, listen: Listen): Listen {
  const channels = channelsOf.get(client) ?? new Map<string, SharedChannel>()
  channelsOf.set(client, channels)

  function open(): SharedChannel {
    const users: SharedChannel['users'] = new Set()
    const leave = () => void (channels.get(channel) === opened && channels.delete(channel))
    const lost = () => {
      leave()
      for (const user of users) user.lost()
    }
    const stop = listen((key) => users.forEach((user) => user.heard(key)), lost)
    const opened = { users, stop }
    stop.catch(leave)
    channels.set(channel, opened)
    return opened
  }

  return async (heard, lost) => {
    const current = channels.get(channel) ?? open()
    const user = { heard, lost }
    current.users.add(user)
    const stop = await current.stop
    return async () => {
      const isLast = current.users.delete(user) && current.users.size === 0
      if (!isLast || channels.get(channel) !== current) return
      channels.delete(channel)
      await stop()
    }
  }
}

async function listenByItself(
  client: ListeningClient,
  channel: string,
  heard: (key: string) => void,
) {
  try {
    const listening = await client.listen(channel, heard)
    return async () => {
      await (typeof listening === 'function' ? listening() : listening.unlisten())
    }
  } catch (error) {
    // `postgres` remembers a failed LISTEN and repeats it once it has connected: do not call it
    // again.
    if (typeof client !== 'function') throw error
    return async () => {}
  }
}

async function listenWith(
  client: PgListener,
  channel: string,
  heard: (key: string) => void,
  lost: () => void,
) {
  const onNotification = (message: PgNotification) => {
    if (message.channel === channel) heard(message.payload ?? '')
  }
  const off = () => {
    client.off('notification', onNotification)
    client.off('error', onEnd)
    client.off('end', onEnd)
  }
  const onEnd = () => {
    off()
    lost()
  }
  // Without an error listener, a lost connection would end the process, even if nothing is watched.
  client.off('error', ignored)
  client.on('error', ignored)
  client.on('notification', onNotification)
  client.on('error', onEnd)
  client.on('end', onEnd)
  try {
    await client.query(`LISTEN ${channel}`)
  } catch (error) {
    off()
    throw error
  }
  return async () => {
    off()
    await client.query(`UNLISTEN ${channel}`)
  }
}

const ignored = () => {}

function invalid(why: string): SessionError {
  return new SessionError('ERR_OPTION_INVALID', 'listener', why)
}
