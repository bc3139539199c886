/** The field `_csrf` of a form that nobody has read yet, from the beginning of its body. */

/** Enough for the fields of a form; what comes after is not looked at. */
const MOST_BYTES = 65_536

/**
 * Reads the field from a copy of the request: the handler still has the whole body.
 *
 * It need not be parsed as carefully as the form itself, since only who knows the right token can put
 * it anywhere.
 */
export async function csrfFieldOf(request: Request): Promise<string | undefined> {
  const parse = PARSERS.get(mediaTypeOf(request))
  if (!parse || request.bodyUsed) return undefined
  try {
    const { body } = request.clone()
    return body ? (parse(await startOf(body)) ?? undefined) : undefined
  } catch {
    // Somebody has begun to read it, or it broke off: there is no token in it then.
    return undefined
  }
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

/** The body up to the chunk with which it has that many bytes. */
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
  // Not awaited: it comes true only when the handler has done with its half.
  void reader.cancel().catch(() => {})
  return Buffer.concat(chunks).toString('latin1')
}
