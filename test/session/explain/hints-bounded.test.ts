/** How often a refused cookie is looked into, to say on the console whose it looks like. */

import { expect, test, vi } from 'vitest'
import { unpack } from '../../../src/crypto/payload.ts'
import { forge, OLD_SECRET, testSessions } from '../visitor.ts'

vi.mock(import('../../../src/crypto/payload.ts'), async (load) => {
  const module = await load()
  return { ...module, unpack: vi.fn<typeof unpack>(module.unpack) }
})

test('refused cookies are unpacked for the first few visitors, not for everybody', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { sessions } = testSessions()
  const cookie = forge(Buffer.from('["",{}]').toString('base64url'), { secret: OLD_SECRET })
  const looks = async () => {
    for (let visit = 0; visit < 40; visit++) await sessions.open(cookie)
    return vi.mocked(unpack).mock.calls.length
  }
  const first = await looks()
  expect(first).toBeGreaterThan(0)
  expect(await looks()).toBe(first)
})
