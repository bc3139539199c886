/** The redirect after a form was posted. */
export function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location } })
}
