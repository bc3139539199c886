/** `sojourn doctor URL`: what a reviewer asks about a page on this machine. */

import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import type { LookupFunction } from 'node:net'
import { usageError } from '../command/command.ts'
import { check, fail, type Finding, warn } from './finding.ts'
import { pageFindings, sessionCookieOf } from './page-checks.ts'

/** Nobody waits longer for a page. */
const PAGE_MS = 10_000

/** Whether this is meant as an address rather than as a file. */
export function isAddress(text: string): boolean {
  return /^https?:/i.test(text) || /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?(?:\/|$)/i.test(text)
}

/** Asks for the page once, as a visitor without a cookie. */
export async function examineUrl(text: string, wanted: string | undefined): Promise<Finding[]> {
  const url = addressHere(text)
  try {
    const { statusCode = 0, headers } = await get(url)
    const cookie = sessionCookieOf(headers, wanted)
    const leads = headers.location === undefined ? '' : ', and leads elsewhere, where nobody went'
    const says = `It answers with ${statusCode}${leads}.`
    const remedy = 'Give the address of a page that works.'
    return [
      check('page', statusCode < 500, says, [says, remedy]),
      ...(cookie
        ? pageFindings(headers, cookie, url.protocol)
        : [noCookie(headers['set-cookie'], wanted)]),
    ]
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
    const remedy = 'Start the app, and give the address it listens at.'
    return [fail('page', `It did not answer (${code}).`, remedy)]
  }
}

/** The address, if it is one on this machine. Nothing is looked up to find out. */
function addressHere(text: string): URL {
  const full = /^https?:/i.test(text) ? text : `http://${text}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  // URL has written 127.1 and 2130706433 out as 127.0.0.1.
  const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '')
  if (url && isHere && url.username === '' && url.password === '') return url
  throw usageError(
    'Only pages on this machine are asked for: localhost, 127.0.0.1 or [::1], without a user name.',
  )
}

/** Both are this machine, and a server may listen at either. */
const lookup: LookupFunction = (_name, _options, done) => {
  done(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])
}

/** Asks for a page, following nothing. The certificate is not judged: nobody is in between. */
async function get(url: URL): Promise<http.IncomingMessage> {
  const { get } = url.protocol === 'https:' ? https : http
  const signal = AbortSignal.timeout(PAGE_MS)
  const asked = get(url, { lookup, rejectUnauthorized: false, signal })
  const [page] = (await once(asked, 'response')) as [http.IncomingMessage]
  // Its head is all there is to look at.
  return page.destroy()
}

function noCookie(set: readonly string[] | undefined, wanted: string | undefined): Finding {
  const others = set ? ' Of those it does set none is known here: say which with --name.' : ''
  return warn(
    'cookie',
    wanted === undefined
      ? `It sets no session cookie, as is right where nothing is kept.${others}`
      : 'It sets no cookie of that name.',
    'A page that a visitor gets a session from: one that counts, keeps a cart, or signs in.',
  )
}
