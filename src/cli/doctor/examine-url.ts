/** `sojourn doctor URL`: checks the session cookie of a page on this machine. */

import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import type { LookupFunction } from 'node:net'
import { usageError } from '../command/command.ts'
import { check, fail, type Finding, warn } from './finding.ts'
import { pageFindings, sessionCookieOf } from './page-checks.ts'

/** How long a page may take, in milliseconds. */
const PAGE_MS = 10_000

/** Whether this is an address and not a file. */
export function isAddress(text: string): boolean {
  return /^https?:/i.test(text) || /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?(?:\/|$)/i.test(text)
}

/** Requests the page once, without a cookie. */
export async function examineUrl(text: string, wanted: string | undefined): Promise<Finding[]> {
  const url = addressHere(text)
  try {
    const { statusCode = 0, headers } = await get(url)
    const cookie = sessionCookieOf(headers, wanted)
    const leads = headers.location === undefined ? '' : ', a redirect, which was not followed'
    const says = `It responds with ${statusCode}${leads}.`
    const remedy = 'Pass the address of a page that works.'
    return [
      check('page', statusCode < 500, says, [says, remedy]),
      ...(cookie
        ? pageFindings(headers, cookie, url.protocol)
        : [noCookie(headers['set-cookie'], wanted)]),
    ]
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'timeout'
    const remedy = 'Start the app, and pass its address.'
    return [fail('page', `It did not respond (${code}).`, remedy)]
  }
}

/** The address, if it is on this machine. No name is looked up. */
function addressHere(text: string): URL {
  const full = /^https?:/i.test(text) ? text : `http://${text}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  // URL turns 127.1 and 2130706433 into 127.0.0.1.
  const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '')
  if (url && isHere && url.username === '' && url.password === '') return url
  throw usageError(
    'Only pages on this machine are requested: localhost, 127.0.0.1 or [::1], without a user name.',
  )
}

/** Resolves localhost to both addresses, because a server may listen on either. */
const lookup: LookupFunction = (_name, _options, done) => {
  done(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])
}

/** Requests a page without following redirects. On this machine the certificate need not be checked. */
async function get(url: URL): Promise<http.IncomingMessage> {
  const { get } = url.protocol === 'https:' ? https : http
  const signal = AbortSignal.timeout(PAGE_MS)
  const asked = get(url, { lookup, rejectUnauthorized: false, signal })
  const [page] = (await once(asked, 'response')) as [http.IncomingMessage]
  // Only the headers are needed.
  return page.destroy()
}

function noCookie(set: readonly string[] | undefined, wanted: string | undefined): Finding {
  const others = set ? ' It sets cookies of other formats: choose one with --name.' : ''
  return warn(
    'cookie',
    wanted === undefined
      ? `It sets no session cookie, which is correct if the page saves nothing.${others}`
      : 'It sets no cookie of that name.',
    'Pass a page that saves something in the session: a counter, a cart, a flash message.',
  )
}
