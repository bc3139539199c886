/** Pages on this machine, and nowhere else: what the address is, and how a page is asked for. */

import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { usageError } from '../command/command.ts'

/** A page as it answered: its head is all there is to look at. */
export interface Page {
  status: number
  headers: IncomingHttpHeaders
}

/** Nobody waits longer for a page. */
const PAGE_MS = 10_000

/** Whether this is meant as an address rather than as a file. */
export function isAddress(text: string): boolean {
  return /^https?:/i.test(text) || /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?(?:\/|$)/i.test(text)
}

/** The address, if it is one on this machine. Nothing is looked up to find out. */
export function addressHere(text: string): URL {
  const full = /^https?:/i.test(text) ? text : `http://${text}`
  if (!URL.canParse(full)) throw usageError('That is no address of a page.')
  const url = new URL(full)
  if (url.username !== '' || url.password !== '') {
    throw usageError('Leave the user name and the password out of the address: they are not sent.')
  }
  // URL has written 127.1 and 2130706433 out as 127.0.0.1.
  if (/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return url
  throw usageError(
    'That is not this machine. Only localhost, 127.0.0.1 and [::1] are asked: run this where the app runs.',
  )
}

/** Both are this machine, and a server may listen at either. */
const localhost: LookupFunction = (_name, _options, done) => {
  done(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])
}

/** Asks for a page, following nothing. The certificate is not judged: nobody is in between. */
export function get(url: URL, cookie: string | undefined): Promise<Page> {
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest
  const options = {
    headers: {
      accept: 'text/html,*/*;q=0.8',
      'user-agent': 'sojourn doctor',
      ...(cookie !== undefined && { cookie }),
    },
    lookup: localhost,
    autoSelectFamily: true,
    rejectUnauthorized: false,
    agent: false,
    signal: AbortSignal.timeout(PAGE_MS),
  } as const
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      response.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers })
    })
    asked.on('error', reject).end()
  })
}
