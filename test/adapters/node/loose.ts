/** What JavaScript can do with a response and TypeScript would not let us try. */

/** An object whose methods take and give anything. */
export function loose(object: object): Record<string, (...args: unknown[]) => unknown> {
  return object as Record<string, (...args: unknown[]) => unknown>
}

/** The code of an error, if it is one and has one. */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code
}
