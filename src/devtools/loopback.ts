/** Whether an address or a host name is that of this machine. */

import { BlockList, isIPv4, isIPv6 } from 'node:net'

const LOOPBACK = new BlockList()
// RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3; and IPv4 as an IPv6 socket spells it.
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')
LOOPBACK.addSubnet('::ffff:127.0.0.0', 104, 'ipv6')

/** Whether a connection comes from this machine. Unknown addresses do not. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false
  if (isIPv4(address)) return LOOPBACK.check(address, 'ipv4')
  return isIPv6(address) && LOOPBACK.check(address, 'ipv6')
}

/** Whether a host name of a URL always means this machine (RFC 6761 section 6.3). */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1')
  return bare === 'localhost' || bare.endsWith('.localhost') || isLoopback(bare)
}

/** In which headers proxies and tunnels tell the address of a client, and the host that it asked. */
export const FORWARDING = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'cf-connecting-ip',
] as const

/** Whether a proxy has passed the request on that comes from, or asked for, another machine. */
export function isForwarded(headers: Headers): boolean {
  return FORWARDING.some((name) => {
    const value = headers.get(name) ?? ''
    // forwarded = *( "for=" node / "host=" host / other ), RFC 7239 section 4
    const told =
      name === 'forwarded' ? value.match(/(?<=\b(?:for|host)=)[^;,]*/gi) : value.split(',')
    return (told ?? []).some((node) => !isHere(node.replace(/["\s]/g, '')))
  })
}

/** An address or host name, perhaps with a port. */
function isHere(node: string): boolean {
  const [, bare = node] = /^(\[.*\]|[^:]*):\d+$/.exec(node) ?? []
  return bare === '' || isLoopbackHost(bare.toLowerCase())
}
