/** Hides what differs between any two answers: the time, and what is random in a new cookie. */

/** The answer with its Date, and the value of a cookie that it sets, of which only the length stays. */
export function masked(answer: string): string {
  const end = answer.indexOf('\r\n\r\n')
  const head = answer
    .slice(0, end)
    .replace(/(\r\nDate: )[^\r\n]*/i, '$1-')
    .replace(/(\r\nset-cookie: session=)([^;\r\n]*)/gi, (_, name: string, value: string) => {
      return name + '#'.repeat(value.length)
    })
  return head + answer.slice(end)
}
