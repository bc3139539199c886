/** Cuts a connection in the middle of a save, and looks at what became of it. */

import { expect, onTestFinished } from 'vitest'
import { type ClientName, sharedPlace, storeAt } from './clients.ts'
import { cookieOf, patiently } from './deadlines.ts'
import { startProxy, type Way } from './proxy.ts'
import { sessionsOn } from './visitors.ts'

/** What the cuts came to. */
export interface Cuts {
  readonly cuts: number
  /** Saves that were acknowledged though their connection was cut. */
  readonly kept: number
  readonly refused: number
}

/**
 * Saves once for each length, while the connection is cut after that many bytes of it: what was
 * acknowledged is there, what was refused may be, and nothing is there twice.
 */
export async function saveCutAfter(
  client: ClientName,
  way: Way,
  lengths: readonly number[],
): Promise<Cuts> {
  const place = sharedPlace(client)
  const proxy = await startProxy(place.url)
  const sessions = sessionsOn(await storeAt(client, { ...place, url: proxy.url }))
  onTestFinished(() => proxy.stop())
  // Looks past the proxy.
  const beside = sessionsOn(await storeAt(client, place))
  const cookie = await patiently(() => cookieOf(sessions, 'ann'))
  const countNow = async () => {
    const session = await patiently(() => beside.open(cookie))
    expect(session.userId).toBe('ann')
    return Number(session.get('count'))
  }
  let kept = 0
  let refused = 0
  let count = await countNow()
  for (const after of lengths) {
    // The last cut may have left nothing but connections that are gone.
    const session = await patiently(() => sessions.open(cookie))
    session.update('count', (n) => n + 1)
    proxy.begin({ do: 'cut', way, after })
    const isKept = await session.commit().then(
      () => true,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
        return false
      },
    )
    proxy.end()
    const now = await countNow()
    const at = `${client}, cut after ${after} bytes of ${way}`
    if (isKept) expect(now, at).toBe(count + 1)
    else expect([count, count + 1], at).toContain(now)
    if (isKept) kept += 1
    else refused += 1
    count = now
  }
  return { cuts: proxy.cuts, kept, refused }
}
