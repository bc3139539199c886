/** The body of a response of Hono's Node server, read without turning the response into a stream. */

/**
 * Returns what the body of a response was made of, if it is a text, bytes or nothing and the server
 * of `@hono/node-server` still has it as it is; `undefined` for every other response.
 *
 * That server replaces `Response` by a light one, which holds `[status, body, headers]` under a symbol
 * named `cache`. Reading `response.body` instead makes a full response of it and sends the text as a
 * stream, which takes four times as long as the rest of the request.
 *
 * It is not part of the server's interface. So only a value of exactly that shape is used, and a
 * version that keeps it otherwise is merely slower.
 */
export function keptBody(response: Response): { body: KeptBody } | undefined {
  if (cacheKey === undefined || !Object.hasOwn(response, cacheKey)) {
    cacheKey = Object.getOwnPropertySymbols(response).find(isCache)
    if (cacheKey === undefined) return undefined
  }
  const kept: unknown = (response as Response & { [key: symbol]: unknown })[cacheKey]
  if (!Array.isArray(kept) || kept.length !== 3 || kept[0] !== response.status) return undefined
  const body: unknown = kept[1]
  const isPlain = body === null || typeof body === 'string' || body instanceof Uint8Array
  return isPlain ? { body: body as KeptBody } : undefined
}

/** The server's symbol, once it was seen. */
let cacheKey: symbol | undefined

type KeptBody = string | Uint8Array<ArrayBuffer> | null

function isCache({ description }: symbol): boolean {
  return description === 'cache'
}
