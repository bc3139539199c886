/** Confuses the replies of a Redis server: some are held back until after the next one. */

/** Makes the rewriting of one connection. */
export function swappingReplies(chance = 0.3): (chunk: Buffer) => Buffer {
  let rest = ''
  let held: string | undefined

  return (chunk) => {
    rest += chunk.toString('latin1')
    let out = ''
    for (let end = replyEnd(rest, 0); end > 0; end = replyEnd(rest, 0)) {
      const reply = rest.slice(0, end)
      rest = rest.slice(end)
      if (held !== undefined) {
        out += reply + held
        held = undefined
      } else if (Math.random() < chance) held = reply
      else out += reply
    }
    return Buffer.from(out, 'latin1')
  }
}

// RESP: a type, a number or text, and for some types that many bytes or replies.

/** Where the reply that begins at `from` ends; 0 where it is not complete. */
function replyEnd(text: string, from: number): number {
  const line = text.indexOf('\r\n', from)
  if (line < 0) return 0
  const size = Number(text.slice(from + 1, line))
  if (text[from] === '$') {
    const end = size < 0 ? line + 2 : line + 2 + size + 2
    return end <= text.length ? end : 0
  }
  let end = line + 2
  if (text[from] !== '*') return end
  for (let part = 0; part < size; part += 1) {
    end = replyEnd(text, end)
    if (end === 0) return 0
  }
  return end
}
