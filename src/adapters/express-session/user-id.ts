/** The id of the signed-in user in the data of `req.session`, such as `passport.user`. */

/** Returns the user's id if the value is one: text that is not empty, or an integer. */
export function userIdIn(bag: object, path: readonly string[]): string | undefined {
  if (path.length === 0) return undefined
  let found: unknown = bag
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  if (typeof found === 'string') return found || undefined
  return Number.isSafeInteger(found) ? String(found) : undefined
}
