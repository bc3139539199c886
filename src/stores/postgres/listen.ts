/** Notifications of ended sessions by LISTEN and NOTIFY, on a connection that the user gives. */

import { SessionError } from '../../base/errors.ts'

/** A connected `Client` of `pg`, or a client of its pool. */
export interface PgListener {
  query(text: string): Promise<unknown>
  on(event: 'notification', listener: (message: PgNotification) => void): unknown
  on(event: 'error' | 'end', listener: (error?: unknown) => void): unknown
  off(event: 'notification', listener: (message: PgNotification) => void): unknown
  off(event: 'error' | 'end', listener: (error?: unknown) => void): unknown
  end?(): Promise<unknown>
  /** Of a client of a pool: `true` closes the connection. */
  release?(destroy: true): unknown
  unref?(): unknown
}

interface PgNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** What `postgres(url)` returns, or a PGlite database: they look after their connection themselves. */
export interface ListeningClient {
  listen(
    channel: string,
    heard: (key: string) => void,
  ): PromiseLike<(() => unknown) | { unlisten(): unknown }>
}

/**
 * What listens: a connected `Client` of `pg`, of which the notifications end with its connection; or
 * a function that connects one, which is called again then; or `postgres`, or PGlite.
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
    return async (heard) => {
      const listening = await client.listen(channel, heard)
      return async () => {
        await (typeof listening === 'function' ? listening() : listening.unlisten())
      }
    }
  }
  if (typeof listener === 'function') {
    return async (heard, lost) => {
      const client = await listener()
      // It is ours: it must not keep the process alive, and it is closed again.
      client.unref?.()
      const close = async () => {
        if (client.release) client.release(true)
        else await client.end?.()
      }
      const ended = () => {
        lost()
        close().catch(() => {})
      }
      await listenWith(client, channel, heard, ended).catch((error: unknown) => {
        close().catch(() => {})
        throw error
      })
      return close
    }
  }
  const client = listener as PgListener
  if ([client?.query, client?.on, client?.off].some((verb) => typeof verb !== 'function')) {
    throw invalid('has to be a Client of pg, a function that connects one, or postgres')
  }
  if ('totalCount' in client) {
    throw invalid('is a pool, whose connections change. Pass () => pool.connect()')
  }
  return (heard, lost) => listenWith(client, channel, heard, lost)
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
  client.on('notification', onNotification)
  // Without a listener for `error` a connection that ends would end the process.
  client.on('error', lost)
  client.on('end', lost)
  await client.query(`LISTEN ${channel}`)
  return async () => {
    client.off('notification', onNotification)
    client.off('end', lost)
    await client.query(`UNLISTEN ${channel}`)
  }
}

function invalid(why: string): SessionError {
  return new SessionError('ERR_OPTION_INVALID', 'listener', why)
}
