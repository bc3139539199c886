import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { differs } from './deviations.ts'
import { LIBRARIES } from './libraries.ts'
import { browser, type Respond, site } from './site.ts'

const signIn: Respond = (req, res) => {
  req.session.user = 'ann'
  res.end(req.sessionID)
}

const PLACES: readonly (readonly [place: string, store: () => unknown])[] = [
  ['a store of this package', () => memoryStore()],
  ['the cookie', () => 'cookie'],
]

describe.each(PLACES)('what is different with %s', (_place, makeStore) => {
  describe.each(LIBRARIES)('on %s', (name, session) => {
    const open = (options: object = {}, respond: Respond = signIn, before?: Respond) => {
      const store = name === 'the drop-in' ? { store: makeStore() } : {}
      return site(session, { ...store, ...options } as never, respond, before)
    }

    test('where `req.sessionID` is', async () => {
      const visitor = browser(await open())
      const first = await visitor.get()
      expect(first.cookie!.value!.includes(first.text)).toBe(
        differs('id', name, { express: true, dropIn: false }),
      )
      expect((await visitor.get()).text).toBe(first.text)
    })

    test('what `genid` makes', async () => {
      const { text, cookie } = await (await open({ genid: () => 'apple' })).get()
      expect(text).toBe('apple')
      expect(cookie!.value!.includes('apple')).toBe(
        differs('genid', name, { express: true, dropIn: false }),
      )
    })

    test('what `req.sessionStore` finds', async () => {
      const its = await open({}, (req, res) => {
        if (req.url === '/in') return signIn(req, res)
        return req.sessionStore.get(req.sessionID, (error, data) => {
          res.end((error as { code?: string })?.code ?? (data as { user?: string })?.user)
        })
      })
      const visitor = browser(its)
      await visitor.get('/in')
      const found = differs('store calls', name, { express: 'ann', dropIn: 'ERR_OPTION_INVALID' })
      expect((await visitor.get('/find')).text).toBe(found)
    })

    test('what the cookie is like', async () => {
      vi.stubEnv('NODE_ENV', 'production')
      onTestFinished(() => void vi.unstubAllEnvs())
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
      onTestFinished(() => warn.mockRestore())
      // Over TLS, as in production.
      const { lines } = await (
        await open(
          { proxy: true },
          signIn,
          ({ headers }) => (headers['x-forwarded-proto'] = 'https'),
        )
      ).get()
      expect(lines[0]!.replace(/=[^;]*/, '')).toMatch(
        differs('defaults', name, {
          express: /^connect\.sid; Path=\/; HttpOnly$/,
          dropIn: /^__Host-Http-session; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        }),
      )
    })

    test('whether a Secure cookie is sent over plain HTTP', async () => {
      const { lines } = await (await open({ cookie: { secure: true } })).get()
      const sent = differs('secure over HTTP', name, { express: 0, dropIn: 1 })
      expect(lines.filter((line) => line.includes('; Secure'))).toHaveLength(sent)
    })

    test('how large a session may be', async () => {
      const its = await open({}, (req, res) => {
        req.session.user = 'x'.repeat(2_000_000)
        res.end('saved')
      })
      expect((await its.get()).status).toBe(differs('size', name, { express: 200, dropIn: 500 }))
    })

    test('how long a session lives without a visit', async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      onTestFinished(() => void vi.useRealTimers())
      const visitor = browser(
        await open({}, (req, res) => {
          const { user } = req.session
          if (req.url === '/in') req.session.user = 'ann'
          res.end(`${user}`)
        }),
      )
      await visitor.get('/in')
      vi.setSystemTime(Date.now() + 86_399_000)
      expect((await visitor.get()).text).toBe('ann')
      vi.setSystemTime(Date.now() + 86_401_000)
      const after = differs('idle', name, { express: 'ann', dropIn: 'undefined' })
      expect((await visitor.get()).text).toBe(after)
    })
  })
})
