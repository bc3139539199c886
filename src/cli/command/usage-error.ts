/** A command that was not understood: the message goes to the user, the exit code is 2. */

/** Says what was wrong with the command line. Never repeats a value: it could be a secret. */
export function usageError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_USAGE' })
}
