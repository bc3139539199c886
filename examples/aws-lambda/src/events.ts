/** Events of API Gateway (payload format 2.0) and of function URLs, as `Request` and `Response`. */

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

export function toRequest(event: APIGatewayProxyEventV2): Request {
  const { domainName, http } = event.requestContext
  const query = event.rawQueryString === '' ? '' : `?${event.rawQueryString}`
  const headers = new Headers()
  for (const [name, value = ''] of Object.entries(event.headers)) headers.set(name, value)
  // AWS takes the cookies out of the headers.
  if (event.cookies) headers.set('cookie', event.cookies.join('; '))
  const body = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64') : event.body
  const hasBody = http.method !== 'GET' && http.method !== 'HEAD' && body !== undefined
  return new Request(`https://${domainName}${event.rawPath}${query}`, {
    method: http.method,
    headers,
    ...(hasBody && { body }),
  })
}

export async function toResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  // In `headers` only one Set-Cookie would be left.
  const cookies = response.headers.getSetCookie()
  response.headers.delete('set-cookie')
  const body = Buffer.from(await response.arrayBuffer())
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    cookies,
    body: body.toString('base64'),
    isBase64Encoded: true,
  }
}
