/** Takes out of a stranger's message what must not be shown. */

import { withoutPasswords } from '../../base/redact.ts'

/** Variables whose values are nobody's business. */
const PRIVATE_NAME = /secret|key|token|pass|pwd|auth|dsn|url|uri|credential/i

/** The text without passwords in URLs, and without what private variables of the environment hold. */
export function withoutSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  let shown = text
  for (const [name, value = ''] of Object.entries(environment)) {
    // Shorter ones are words such as "true", and would take the sense out of a message.
    if (value.length < 8 || !PRIVATE_NAME.test(name)) continue
    shown = shown.replaceAll(value, `[${name}]`)
  }
  return withoutPasswords(shown)
}
