import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSessions, type SessionEvent } from '../../src/index.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { SECRET, Visitor } from '../session/visitor.ts'

/** What was printed, a text for each call. */
let printed: string[] = []
beforeEach(() => {
  printed = []
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => void printed.push(args.join(' ')))
  }
})
afterEach(() => void vi.restoreAllMocks())

// What ends a line, or what a terminal obeys or hides.
const OBEYED = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

const FORGED: [name: string, text: string][] = [
  ['a line end', 'a\r\n[sojourn] The session of root was opened.'],
  ['another line end', 'a\u2028[sojourn] forged\u0085[sojourn] forged'],
  ['a colour', '\u001b[31mred\u001b[0m'],
  ['a cleared screen', '\u001b[2J\u001b[H'],
  ['a title', '\u001b]0;owned\u0007'],
  ['an eight-bit escape', '\u009b31m'],
  ['a reversed direction', '\u202egpj.exe'],
  ['an erased character', 'root\u0008\u0008\u0008\u0008user'],
  ['NUL and DEL', 'a\u0000b\u007f'],
  ['half a surrogate pair', 'a\ud800b'],
]

async function everywhere(text: string): Promise<{ errors: Error[]; events: SessionEvent[] }> {
  const errors: Error[] = []
  const events: SessionEvent[] = []
  // A key may be told, and a label or an id may not: so they are not the same.
  const backwards = text.split('').reverse().join('')
  const keep = (error: unknown) => void errors.push(error as Error)
  for (const store of [undefined, { ...memoryStore(), check: async () => [text] }]) {
    const sessions = createSessions<any>({
      secret: SECRET,
      // A finding is the store's own sentence, for the app to print.
      onEvent: (event) => event.type !== 'store-finding' && events.push(event),
      ...(store ? { store } : {}),
    } as Parameters<typeof createSessions>[0])
    const visitor = new Visitor(sessions)
    const late = visitor.visit((session) => session.set(text, 'x'.repeat(3) + noise()))
    await late.catch(keep)
    await visitor.visit((session) => session.set(text, () => {})).catch(keep)
    await visitor.visit((session) => session.update(text, async () => 1)).catch(keep)
    await visitor.visit((session) => Object.assign(session, { [text]: 1 })).catch(keep)
    await visitor.visit((session) => session.login(backwards)).catch(keep)
    await visitor.visit((session) => (session.label = backwards)).catch(keep)
    await visitor.visit((session) => (session.label = backwards.repeat(200))).catch(keep)
    for (const cookie of [
      `session=${text}`,
      `session="${text}"`,
      `${text}=1; session=${text}; a`,
    ]) {
      await new Visitor(sessions, cookie).visit()
    }
    // A request behind an adapter, whose headers are all like this.
    const facts = { cookie: undefined, encrypted: false, header: () => text }
    const visit = sessions.mount([{}], facts)!
    const session = await visit.session()
    session.set('a', 1)
    await visit.finish()
    const crossing = sessions.mount([{}], { ...facts, header: (name) => CROSSING(text)[name] })!
    await crossing.session()
    await sessions.get(text as unknown as object).catch(keep)
  }
  return { errors, events }
}

/** A call from another origin: what the hint on missing cookies is about. */
const CROSSING = (text: string): Record<string, string> => ({
  origin: `https://${text}`,
  'sec-fetch-site': 'cross-site',
  host: text,
})

/** What neither deflates nor fits. */
function noise(): string {
  let state = 1
  const next = () => (state = (state * 48_271) % 2_147_483_647).toString(36)
  return Array.from({ length: 200_000 }, next).join('')
}

test.each(FORGED)(
  '%s in keys, labels, ids, cookies and headers forges no line',
  async (_, text) => {
    const { errors, events } = await everywhere(text)
    expect(printed.length).toBeGreaterThan(3)
    expect(printed.filter((line) => OBEYED.test(line))).toEqual([])
    // What an app logs of them.
    expect(errors.length).toBeGreaterThan(5)
    expect(errors.map(({ message }) => message).filter((text) => OBEYED.test(text))).toEqual([])
    const logged = events.map((event) => inspect(event, { breakLength: Infinity }))
    expect(logged.filter((line) => OBEYED.test(line))).toEqual([])
  },
)

test('an Origin header is repeated only where it is one', async () => {
  const hint = async (origin: string) => {
    printed = []
    const sessions = createSessions({ secret: SECRET })
    const header = (name: string) => ({ ...CROSSING(''), origin })[name]
    await sessions.mount([{}], { cookie: undefined, header })!.session()
    return printed.join()
  }
  expect(await hint('https://shop.example:8443')).toContain('https://shop.example:8443')
  expect(await hint(`https://${'x'.repeat(5000)}`)).not.toContain('xxx')
  expect(await hint('https://a. Your session was stolen, go to b')).not.toContain('stolen')
})
