/** The body of a response of Hono's Node server, read without turning the response into a stream. */

/**
 * Returns the body of a response as it was given, if it is no stream and the server of
 * `@hono/node-server` still has it so; `undefined` for every other response.
 *
 * That server replaces `Response` by a light one, which holds `[status, body, headers]` under a symbol
 * named `cache`. Reading `response.body` would make a full response of it, and send the text as a stream:
 * that takes as much time as all the rest of a request with a session.
 *
 * The symbol is not part of the server's interface. So only a value of exactly that shape is used. A
 * version that keeps it otherwise is merely slower.
 */
export function keptBody(response: Response): Kept | undefined {
  if (cacheKey === undefined || !Object.hasOwn(response, cacheKey)) {
    cacheKey = Object.getOwnPropertySymbols(response).find(isCache)
    if (cacheKey === undefined) return undefined
  }
  const kept: unknown = (response as Response & { [key: symbol]: unknown })[cacheKey]
  if (!Array.isArray(kept) || kept.length !== 3 || kept[0] !== response.status) return undefined
  const body: unknown = kept[1]
  const isText = body === null || typeof body === 'string'
  return isText || body instanceof Uint8Array || body instanceof Blob
    ? { body: body as Kept['body'], headers: kept[2] }
    : undefined
}

/** The server's symbol, once it was seen. */
let cacheKey: symbol | undefined

interface Kept {
  readonly body: string | Uint8Array<ArrayBuffer> | Blob | null
  /** Once the response's `headers` were read, they are this object. */
  readonly headers: unknown
}

function isCache({ description }: symbol): boolean {
  return description === 'cache'
}
