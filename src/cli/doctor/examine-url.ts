/** `sojourn doctor URL`: what a reviewer asks about a page on this machine. */

import { check, fail, type Finding, pass, warn } from './finding.ts'
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
    return [
      statusFinding(first),
      ...lineFindings(cookie),
      ...answerFindings([first, known], cookie.name),
      knownFinding(known, cookie),
      forgedFinding(first, forged),
    ]
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
    const remedy = 'Start the app, and give the address it listens at.'
    return [fail('page', `It did not answer (${code}).`, remedy)]
  }
}

function statusFinding({ status, location }: Page): Finding {
  if (status >= 500) {
    return fail('page', `It answers with ${status}.`, 'Give the address of a page that works.')
  }
  const leads = location === undefined ? '' : ', and leads elsewhere, where nobody went'
  return pass('page', `It answers with ${status}${leads}.`)
}

function noCookie({ setCookies }: Page, name: string | undefined): Finding {
  const remedy =
    'A page that a visitor gets a session from: one that counts, keeps a cart or a flash message, or signs in.'
  if (name !== undefined) return warn('cookie', 'It sets no cookie of that name.', remedy)
  const others =
    setCookies.length > 0 ? ' Of those it does set none is known here: say which with --name.' : ''
  return warn(
    'cookie',
    `It sets no session cookie, as is right where nothing is kept.${others}`,
    remedy,
  )
}

function knownFinding({ status, setCookies }: Page, { name }: SetCookie): Finding {
  const says = 'The cookie is taken back.'
  return check('return', status < 500, says, [
    `Whoever comes back with the cookie ${name} is answered with ${status}.`,
    setCookies.length > 0
      ? 'See the log of the app.'
      : 'See the log of the app: the session does not open.',
  ])
}

/** Values that no server of ours has written: another signature, a cut one, and nonsense. */
function forgeriesOf({ value }: SetCookie): string[] {
  const at = Math.max(value.length - 8, 0)
  const other = value[at] === 'A' ? 'B' : 'A'
  return [value.slice(0, at) + other + value.slice(at + 1), value.slice(0, -5), 'x']
}

function forgedFinding({ status }: Page, forged: readonly Page[]): Finding {
  const odd = forged.find((page) => page.status !== status)
  return check('forgery', odd === undefined, 'Forged cookies are answered like no cookie at all.', [
    `A forged cookie is answered with ${odd?.status ?? status}, and none at all with ${status}: forgers learn from it.`,
    'A cookie that does not open is no error: take the visitor for a new one.',
  ])
}
