/** Reads the form field `_csrf` of a request: from a parsed body, or from its beginning. */

/** How many bytes of a body are read: put the field before large ones. */
const MOST_BYTES = 65_536

/**
 * Reads the field from a clone of the request: the handler can still read the whole body.
 *
 * A lenient parser is safe: only a client that knows the valid token can send it, in any place.
 */
export async function csrfFieldOf(request: Request): Promise<string | undefined> {
  const parse = PARSERS.get(mediaTypeOf(request))
  if (!parse || request.bodyUsed) return undefined
  try {
    const { body } = request.clone()
    return body ? (parse(await startOf(body)) ?? undefined) : undefined
  } catch {
    // The body is being read already, or was aborted: it has no token.
    return undefined
  }
}

/** Whether the body is a form, as browsers send one. */
export function isForm(request: Request): boolean {
  return PARSERS.has(mediaTypeOf(request))
}

function mediaTypeOf({ headers }: Request): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  return type.trim().toLowerCase()
}

type Parse = (start: string) => string | null | undefined

const PARSERS = new Map<string, Parse>([
  ['application/x-www-form-urlencoded', (start) => new URLSearchParams(start).get('_csrf')],
  ['multipart/form-data', (start) => PART.exec(start)?.[1]],
])

// part = "Content-Disposition: form-data; name=" <"> "_csrf" <"> CRLF CRLF value CRLF "--" boundary
const PART = /\r\ncontent-disposition: *form-data; *name="_csrf"\r\n\r\n([\w-]+)\r\n--/i

/** The first `MOST_BYTES` bytes of a body, as latin1. */
async function startOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let left = MOST_BYTES
  while (left > 0) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value.subarray(0, left))
    left -= value.length
  }
  // Not awaited: it is fulfilled only when the handler has finished with the other half.
  void reader.cancel().catch(() => {})
  return Buffer.concat(chunks).toString('latin1')
}

/** The field of a body that a body parser has read. */
export function csrfFieldIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, '_csrf')) return undefined
  const { _csrf: token } = body as { _csrf: unknown }
  return typeof token === 'string' ? token : undefined
}
