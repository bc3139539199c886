/** A TCP proxy between a client and its server, which does to connections what networks do to them. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout } from 'node:timers'

/** What happens to connections and to what goes over them. */
export type Fault =
  | { do: 'pass' }
  /** Takes connections and bytes, and lets nothing through, either way. */
  | { do: 'hole' }
  /** Ends connections, and each new one, with a reset. */
  | { do: 'reset' }
  /** The server has forgotten the connections there are, and nobody told the client. New ones pass. */
  | { do: 'half-open' }
  | { do: 'delay'; ms: number }
  /** Resets the connection once that many bytes have passed; whatever comes after that passes. */
  | { do: 'cut'; way: Way; after: number }
  | { do: 'rewrite'; replies: (chunk: Buffer) => Buffer }

/** Where bytes go: to the server, or to the client. */
export type Way = 'requests' | 'replies'

/** A proxy while it runs. */
export interface Proxy {
  /** The server's URL with the proxy's address in it. */
  readonly url: string
  /** How many connections were cut. */
  readonly cuts: number
  begin(fault: Fault): void
  /**
   * Lets everything pass again. What a hole has swallowed is `delivered`, as TCP sends again what
   * was not acknowledged; or it is `lost`, and the connections it was lost on are reset.
   */
  end(swallowed?: 'delivered' | 'lost'): void
  stop(): Promise<void>
}

/** Bytes that are delayed, or wait behind such. */
interface Delayed {
  readonly to: Socket
  readonly chunk: Buffer
  isDue: boolean
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  /** What a hole has swallowed, in order. */
  held: { to: Socket; chunk: Buffer }[]
  readonly delayed: Record<Way, Delayed[]>
  /** One end is gone, and a hole keeps that from the other. */
  isOver: boolean
  isForgotten: boolean
}

/** Starts a proxy before the server that a URL names. */
export async function startProxy(url: string): Promise<Proxy> {
  const { hostname, port } = new URL(url)
  const links = new Set<Link>()
  let fault: Fault = { do: 'pass' }
  let passed = 0
  let cuts = 0

  // Half-closed connections are ended by us, when the other end is.
  const listener = createServer({ allowHalfOpen: false, noDelay: true }, (client) => {
    if (fault.do === 'reset') return void client.resetAndDestroy()
    const server = connect({ host: hostname, port: Number(port), noDelay: true })
    const link: Link = {
      client,
      server,
      held: [],
      delayed: { requests: [], replies: [] },
      isOver: false,
      isForgotten: false,
    }
    links.add(link)
    client.on('data', (chunk) => flow(link, 'requests', chunk))
    server.on('data', (chunk) => flow(link, 'replies', chunk))
    for (const end of [client, server]) {
      end.on('error', () => {}).on('close', () => over(link, end))
    }
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const through = new URL(url)
  through.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`

  function flow(link: Link, way: Way, chunk: Buffer): void {
    const to = way === 'requests' ? link.server : link.client
    if (fault.do === 'hole') link.held.push({ to, chunk })
    // What a forgotten connection still sends is answered with a reset.
    else if (link.isForgotten) reset(link)
    else if (fault.do === 'delay') delay(link.delayed[way], { to, chunk, isDue: false }, fault.ms)
    // No network lets bytes overtake those before them on the same connection.
    else if (link.delayed[way].length > 0) link.delayed[way].push({ to, chunk, isDue: true })
    else if (fault.do === 'rewrite' && way === 'replies') to.write(fault.replies(chunk))
    else if (fault.do === 'cut' && way === fault.way) cut(link, to, chunk, fault.after)
    else to.write(chunk)
  }

  function delay(queue: Delayed[], late: Delayed, ms: number): void {
    queue.push(late)
    setTimeout(() => {
      late.isDue = true
      while (queue[0]?.isDue) {
        const { to, chunk } = queue.shift()!
        to.write(chunk)
      }
    }, ms)
  }

  function cut(link: Link, to: Socket, chunk: Buffer, after: number): void {
    const rest = after - passed
    passed += chunk.length
    if (chunk.length < rest) return void to.write(chunk)
    fault = { do: 'pass' }
    cuts += 1
    links.delete(link)
    // A reset would overtake what is still to be read; so the end of what passed is a plain one.
    to.end(chunk.subarray(0, rest))
    const from = to === link.server ? link.client : link.server
    from.resetAndDestroy()
  }

  function over(link: Link, end: Socket): void {
    if (link.isForgotten && end === link.server) return
    if (fault.do === 'hole' && end === link.server) link.isOver = true
    else reset(link)
  }

  function reset(link: Link): void {
    links.delete(link)
    // Of an end that closed in order, the other one is told so too.
    for (const end of [link.client, link.server]) if (!end.destroyed) end.resetAndDestroy()
  }

  function forget(link: Link): void {
    link.isForgotten = true
    link.server.destroy()
  }

  return {
    url: through.href,
    get cuts() {
      return cuts
    },
    begin(begun) {
      fault = begun
      passed = 0
      if (fault.do === 'reset') links.forEach(reset)
      if (fault.do === 'half-open') links.forEach(forget)
    },
    end(swallowed = 'delivered') {
      fault = { do: 'pass' }
      for (const link of links) {
        const held = link.held.splice(0)
        if (link.isOver || (held.length > 0 && swallowed === 'lost')) reset(link)
        else for (const { to, chunk } of held) to.write(chunk)
      }
    },
    async stop() {
      links.forEach(reset)
      listener.close()
      await once(listener, 'close')
    },
  }
}
