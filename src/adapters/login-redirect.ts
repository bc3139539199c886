/** The redirect to the sign-in page, for adapters over `Request` and `Response`. */

/** The path and query of a request, or of another object that has an address. */
export function pathOf({ url }: { readonly url: string | URL }): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** 303: the sign-in page is asked for by GET. */
export function loginRedirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}
