/** Random programs on `req.session`, and an app that runs one per request and says what it saw. */

import fc from 'fast-check'
import type { Express } from 'express'

/** One step of a program. */
export type Step =
  | { do: 'set'; key: string; value: unknown }
  | { do: 'date'; key: string; ms: number }
  | { do: 'undefined'; key: string }
  | { do: 'delete'; key: string }
  | { do: 'nest'; key: string; inner: string; value: unknown }
  | { do: 'push'; key: string; value: unknown }
  | { do: 'null' | 'regenerate' | 'destroy' | 'reload' | 'save' }

const key = fc.constantFrom('a', 'b', 'user', 'flash', 'x y', 'ключ', 'toString2')
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.double({ noDefaultInfinity: true }),
  fc.constantFrom<unknown>({ ' di': 1 }, { ' d': 'x' }, [], {}, '', 0, null, 1e21, 1e-7),
)

const change: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('set' as const), key, value }) },
  fc.record({
    do: fc.constant('date' as const),
    key,
    ms: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  }),
  fc.record({ do: fc.constant('undefined' as const), key }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('nest' as const), key, inner: key, value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('push' as const), key, value }) },
)

const call = fc
  .constantFrom('null', 'regenerate', 'destroy', 'reload', 'save')
  .map((verb): Step => ({ do: verb as 'save' }))

/** The programs of a visit: one for each request. */
export const visits: fc.Arbitrary<Step[][]> = fc.array(
  fc.array(fc.oneof({ weight: 4, arbitrary: change }, { weight: 1, arbitrary: call }), {
    maxLength: 6,
  }),
  { minLength: 1, maxLength: 5 },
)

/** Adds the page that runs a program, and returns what `req.session` looked like after each step. */
export function addPrograms(app: Express): void {
  app.post('/run', async (req: any, res) => {
    const seen: unknown[] = [look(req)]
    for (const step of req.body as Step[]) {
      try {
        await take(req, step)
      } catch (error) {
        seen.push((error as Error).message)
      }
      seen.push(look(req))
    }
    res.json({ id: req.sessionID, seen })
  })
}

function look(req: any): unknown {
  if (!req.session) return null
  const { cookie: _cookie, ...data } = JSON.parse(JSON.stringify(req.session))
  // What JSON leaves out is not there after a reload: neither library reads it back.
  const keys = Object.keys(req.session).filter((name) => req.session[name] !== undefined)
  return { data, keys: keys.sort(), hasId: 'id' in req.session }
}

async function take(req: any, step: Step): Promise<void> {
  const { session } = req
  if (!session) return
  switch (step.do) {
    case 'set':
      session[step.key] = step.value
      break
    case 'date':
      session[step.key] = new Date(step.ms)
      break
    case 'undefined':
      session[step.key] = undefined
      break
    case 'delete':
      delete session[step.key]
      break
    case 'nest': {
      const inside = session[step.key]
      if (typeof inside === 'object' && inside !== null) inside[step.inner] = step.value
      break
    }
    case 'push':
      if (Array.isArray(session[step.key])) session[step.key].push(step.value)
      else session[step.key] = [step.value]
      break
    case 'null':
      req.session = null
      break
    case 'regenerate':
    case 'destroy':
    case 'reload':
    case 'save':
      await new Promise<void>((resolve, reject) => {
        session[step.do]((error: unknown) => (error ? reject(error as Error) : resolve()))
      })
  }
}
