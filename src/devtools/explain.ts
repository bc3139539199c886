/** Explains a cookie: what it is, its parts, and whether it verifies. */

import { describe } from '../inspect/description.ts'
import type { PastedCookie } from '../inspect/pasted.ts'
import type { GivenSecret } from '../inspect/verify.ts'
import type { Policy } from '../session/setup/policy.ts'

/** A cookie that is explained. Its parts are cut: the page must not hold what signs a visitor in. */
export type Explanation = ReturnType<typeof explain>

/** At most so many characters of the cookie, and of each part; of a part never more than half. */
const LONGEST_PART = 24

/** Explains one cookie. Whether this app accepts it is another question: see the camera. */
export function explain(
  cookie: PastedCookie,
  { secrets, now, policy }: { secrets: readonly GivenSecret[]; now: number; policy: Policy },
) {
  // With an audience it cannot be checked here: the inspector is not given that.
  const described = describe(cookie, { secrets: policy.audience ? [] : secrets, now })
  const { verified, verification } = described
  return {
    ...described,
    verification:
      verified === null ? (policy.audience ? AUDIENCE : NO_SECRET) : withoutOptions(verification),
    notes: described.notes.map((note) => note.replace(': see sojourn list', '')),
    start: cutShort(cookie.value),
    parts: described.parts.map(({ text, ...part }) => ({
      ...part,
      text: cutShort(text, text.length / 2),
    })),
  }
}

const NO_SECRET =
  'Nobody has checked who wrote it: pass the secret, inspector(sessions, { secret }).'
const AUDIENCE =
  'Nobody has checked who wrote it here: the app has an audience. See below what this app does with it.'

/** The sentences without those that name an option of the command line. */
function withoutOptions(text: string): string {
  const sentences = text.split(/(?<=\.) /)
  return sentences.filter((sentence) => !/ --\w/.test(sentence)).join(' ')
}

function cutShort(text: string, most = LONGEST_PART): string {
  const end = Math.floor(Math.min(most, LONGEST_PART))
  return text.length > end ? `${text.slice(0, end)}…` : text
}
