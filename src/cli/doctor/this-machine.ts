/** Pages on this machine, and nowhere else: what the address is, and how a page is asked for. */

import { request as plainRequest, type IncomingMessage } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { usageError } from '../command/usage-error.ts'

/** A page as it answered. */
export interface Page {
  status: number
  setCookies: readonly string[]
  vary: string
  cacheControl: string
  location: string | undefined
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
  const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (isHere) return url
  throw usageError(
    'That is not this machine. Only localhost, 127.0.0.1 and [::1] are asked: run this where the app runs.',
  )
}

/** Asks for a page, following nothing. The certificate is not judged: nobody is in between. */
export async function get(url: URL, cookie: string | undefined): Promise<Page> {
  const bare = url.hostname.replace(/^\[|\]$/g, '')
  if (bare !== 'localhost') return getFrom(bare, url, cookie)
  // Both are this machine, and a server may listen at either.
  return getFrom('127.0.0.1', url, cookie).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNREFUSED') throw error
    return getFrom('::1', url, cookie)
  })
}

function getFrom(address: string, url: URL, cookie: string | undefined): Promise<Page> {
  const ask = url.protocol === 'https:' ? tlsRequest : plainRequest
  return new Promise((resolve, reject) => {
    const asked = ask(
      {
        host: address,
        port: url.port || undefined,
        path: `${url.pathname}${url.search}`,
        headers: {
          host: url.host,
          accept: 'text/html,*/*;q=0.8',
          'user-agent': 'sojourn doctor',
          ...(cookie !== undefined && { cookie }),
        },
        rejectUnauthorized: false,
        servername: url.hostname === 'localhost' ? 'localhost' : '',
        agent: false,
        signal: AbortSignal.timeout(PAGE_MS),
      },
      (response) => {
        // The headers are all there is to look at.
        response.destroy()
        resolve(pageOf(response))
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

function pageOf({ statusCode = 0, headers }: IncomingMessage): Page {
  return {
    status: statusCode,
    setCookies: headers['set-cookie'] ?? [],
    vary: headers.vary ?? '',
    cacheControl: headers['cache-control'] ?? '',
    location: headers.location,
  }
}
