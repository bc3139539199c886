/** The redirect to the sign-in page, for adapters over `Request` and `Response`. */

/** The path and query of a request. */
export function pathOf(request: Request): string {
  const { pathname, search } = new URL(request.url)
  return pathname + search
}

/** 303: the sign-in page is asked for by GET. */
export function loginRedirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}
