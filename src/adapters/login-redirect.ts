/** The redirect to the sign-in page, for adapters over `Request` and `Response`. */

/** The path and query of a request, or of another object that has an address. */
export function pathOf({ url }: { readonly url: string | URL }): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** The redirect, with status 303 so that the browser requests the sign-in page by GET. */
export function loginRedirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}
