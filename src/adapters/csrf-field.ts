/** Reads the form field `_csrf` of a request: from a parsed body, or from the first bytes of the body. */

/** How many bytes of a body are read. In a form, put `_csrf` before large fields. */
const MOST_BYTES = 65_536

/**
 * Reads the field from a clone of the request: the handler can still read the whole body.
 *
 * A lenient parser is safe here: only a client that knows the valid token can send it at all.
 */
export async function csrfFieldOf(request: Request): Promise<string | undefined> {
  const parse = PARSERS.get(mediaTypeOf(request))
  if (!parse || request.bodyUsed) return undefined
  try {
    const { body } = request.clone()
    return body ? (parse(await startOf(body)) ?? undefined) : undefined
  } catch {
    // The body is already being read, or was aborted: then there is no token.
    return undefined
  }
}

/** Whether the body is a form in one of the types that browsers send. */
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
  // Not awaited: `cancel` resolves only when the handler has read its own half of the body.
  void reader.cancel().catch(() => {})
  return Buffer.concat(chunks).toString('latin1')
}

/** The field of a body that a body parser has read. */
export function csrfFieldIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, '_csrf')) return undefined
  const { _csrf: token } = body as { _csrf: unknown }
  return typeof token === 'string' ? token : undefined
}
