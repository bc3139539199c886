import { afterEach, expect, test, vi } from 'vitest'
import { cookieSession, expressSession, ironSession } from '../../../src/formerly/formerly.ts'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/adapters/express-session/memory-store.ts'

const SECRET = 'q7Rk2vX9-mB4tZ8wL1nC6yH3pD5sF0gJ'
const OTHER = 'x2Lm9pQ4-vT7cN1bK8sW5zR3hG6dJ0fY'

afterEach(() => vi.restoreAllMocks())

const PRESETS: [string, (secret: string) => SessionOptions][] = [
  ['express-session', (secret) => expressSession({ secret, store: new MemoryStore() })],
  ['cookie-session', (secret) => cookieSession({ keys: [secret], name: 'session' })],
  ['iron-session', (password) => ironSession({ password, cookieName: 'session' })],
]

test.each(PRESETS)(
  'a cookie of %s under another secret is not told to be of another library, under its own preset',
  async (library, preset) => {
    const lines: string[] = []
    vi.spyOn(console, 'warn').mockImplementation((line) => void lines.push(String(line)))
    const writer = await createSessions<any>(preset(OTHER)).open(undefined)
    const headers = await writer.set('a', 1).commit()
    const cookie = headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; ')
    const session = await createSessions<any>(preset(SECRET)).open(cookie)
    expect(session.size).toBe(0)
    const told = lines.join('\n')
    expect(told).toMatch(/another secret|secret that is not configured/)
    expect(told).not.toContain(`looks like ${library}`)
  },
)
