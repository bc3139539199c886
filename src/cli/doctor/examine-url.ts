/** `sojourn doctor URL`: what a reviewer asks about a page on this machine. */

import { check, fail, type Finding, warn } from './finding.ts'
import { answerFindings, lineFindings, sessionCookieOf, type SetCookie } from './page-checks.ts'
import { addressHere, get, type Page } from './this-machine.ts'

/** Asks for the page as a stranger, as the visitor it made, and as a forger. */
export async function examineUrl(text: string, name: string | undefined): Promise<Finding[]> {
  const url = addressHere(text)
  try {
    const first = await get(url, undefined)
    const cookie = sessionCookieOf(first, name)
    if (!cookie) return [statusFinding(first), noCookie(first, name)]
    const ask = (value: string) => get(url, `${cookie.name}=${value}`)
    const known = await ask(cookie.value)
    const forged = await Promise.all(forgeriesOf(cookie).map(ask))
    const odd = forged.find(({ status }) => status !== first.status)
    return [
      statusFinding(first),
      ...lineFindings(cookie),
      ...answerFindings([first, known], cookie.name),
      check('return', known.status < 500, 'The cookie is taken back.', [
        `Whoever comes back with the cookie ${cookie.name} is answered with ${known.status}.`,
        'See the log of the app.',
      ]),
      check('forgery', !odd, 'Forged cookies are answered like no cookie at all.', [
        `A forged cookie is answered with ${odd?.status}, and none at all with ${first.status}: forgers learn from it.`,
        'A cookie that does not open is no error: take the visitor for a new one.',
      ]),
    ]
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
    const remedy = 'Start the app, and give the address it listens at.'
    return [fail('page', `It did not answer (${code}).`, remedy)]
  }
}

function statusFinding({ status, headers }: Page): Finding {
  const leads = headers.location === undefined ? '' : ', and leads elsewhere, where nobody went'
  return check('page', status < 500, `It answers with ${status}${leads}.`, [
    `It answers with ${status}.`,
    'Give the address of a page that works.',
  ])
}

function noCookie({ headers }: Page, name: string | undefined): Finding {
  const others = headers['set-cookie']
    ? ' Of those it does set none is known here: say which with --name.'
    : ''
  return warn(
    'cookie',
    name === undefined
      ? `It sets no session cookie, as is right where nothing is kept.${others}`
      : 'It sets no cookie of that name.',
    'A page that a visitor gets a session from: one that counts, keeps a cart or a flash message, or signs in.',
  )
}

/** Values that no server of ours has written: another signature, a cut one, and nonsense. */
function forgeriesOf({ value }: SetCookie): string[] {
  const at = Math.max(value.length - 8, 0)
  const other = value[at] === 'A' ? 'B' : 'A'
  return [value.slice(0, at) + other + value.slice(at + 1), value.slice(0, -5), 'x']
}
