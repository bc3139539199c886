/** What the compiler says: checked by `tsc`, never run. */

import {
  createSessions,
  REMOVE,
  type Session,
  type SessionOptions,
  type Sessions,
  type SessionStore,
  type SignedInSession,
} from '../../src/index.ts'

interface Data {
  visits: number
  name?: string
  cart: { id: number; tags: readonly string[] }[]
  when: Date | null
}
declare const options: SessionOptions
declare const req: object
const sessions = createSessions<Data>(options)

/** Compiles only if both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function same<A, B>(claim: Same<A, B>): void

export async function reads(): Promise<void> {
  const session = await sessions.get(req)
  const { visits, name } = { visits: session.get('visits'), name: session.get('name') }
  same<typeof visits, number | undefined>(true)
  same<typeof name, string | undefined>(true)
  const counted = session.get('visits', 0)
  same<typeof counted, number>(true)
  const either = session.get('visits', null)
  same<typeof either, number | null>(true)
  same<typeof session.userId, string | undefined>(true)
  for (const [key, value] of session) {
    same<typeof key, 'visits' | 'name' | 'cart' | 'when'>(true)
    same<typeof value, Data[keyof Data]>(true)
  }
  // @ts-expect-error there is no such key
  session.get('visit')
  // @ts-expect-error data are no properties
  session.username = 'x'
}

export async function narrows(): Promise<void> {
  const session = await sessions.get(req)
  if (session.has('visits')) {
    const visits = session.get('visits')
    same<typeof visits, number>(true)
    session.set('visits', visits + 1)
    const cart = session.get('cart')
    same<typeof cart, Data['cart'] | undefined>(true)
    if (session.has('name')) {
      const both: [number, string] = [session.get('visits'), session.get('name')]
      void both
    }
  }
  // @ts-expect-error outside the branch it may be missing
  const missing: number = session.get('visits')
  void missing
}

export async function writes(): Promise<void> {
  const session = await sessions.get(req)
  session.set('visits', 1).set('cart', [{ id: 1, tags: ['a'] }])
  const updated = session.update('visits', (n = 0) => n + 1)
  same<typeof updated, number | undefined>(true)
  const inserted = session.getOrInsert('cart', [])
  same<typeof inserted, Data['cart']>(true)
  const popped = session.pop('name', 'none')
  same<typeof popped, string>(true)
  session.logout({ keep: ['visits'] })
  // @ts-expect-error a number is wanted
  session.set('visits', 'one')
  // @ts-expect-error undefined is no value: delete the key
  session.set('name', undefined)
  // @ts-expect-error an update is synchronous
  session.update('visits', async (n = 0) => n + 1)
  session.update('visits', () => REMOVE)
  // @ts-expect-error an update returns the new value
  session.update('visits', () => undefined)
  // @ts-expect-error changing the old one in place is not enough
  session.update('cart', (cart = []) => {
    cart.push({ id: 1, tags: [] })
  })
  // @ts-expect-error there is no such key to keep
  session.logout({ keep: ['visit'] })
  // @ts-expect-error there is no such key
  session.delete('visit')
  // @ts-expect-error who is signed in is decided by login()
  session.userId = 'x'
}

export async function signedIn(): Promise<void> {
  const session = await sessions.signedIn(req)
  same<typeof session.userId, string>(true)
  const typed: SignedInSession<Data> = session
  const wider: Session<Data> = typed
  void wider
}

export async function untyped(): Promise<void> {
  const session = await createSessions(options).get(req)
  session.set('anything', 1)
  const anything: number = session.get('anything')
  void anything
  session.update('count', (count = 0) => count + 1)
  session.update('token', (token) => (token === null ? REMOVE : null))
  // @ts-expect-error an update returns the new value, whatever its type
  session.update('cart', (cart = []) => {
    cart.push('tea')
  })
}

class Money {
  cents = 1
  add(): void {}
}
// @ts-expect-error a function cannot be kept
createSessions<{ fn: () => void }>(options)
// @ts-expect-error nor a Map
createSessions<{ map: Map<string, string> }>(options)
// @ts-expect-error nor a Set deep inside
createSessions<{ a: { b: Set<string>[] } }>(options)
// @ts-expect-error nor an object with methods
createSessions<{ price: Money }>(options)
// @ts-expect-error nor a symbol
createSessions<{ tag: symbol }>(options)
// A tag of one's own keeps it.
createSessions<{ price: Money }, Money>(options)
createSessions<{
  a: Uint8Array
  b: bigint
  c?: Date
  d: [1, 'x']
  e: Record<string, number>
  f: null | true
}>(options)
// @ts-expect-error the secret is an option one cannot forget
createSessions({})
// @ts-expect-error nor misspell
createSessions({ secrets: 'x', secret: 'x' })

export async function acrossSessions(store: SessionStore): Promise<void> {
  const stored = createSessions<{ a: number }>({ ...options, store })
  const [first] = await stored.list('ada')
  const handle: string | undefined = first?.handle
  await stored.revokeUser(7, { except: handle })
  const plain: Sessions<{ a: number }> = stored
  // @ts-expect-error without a store nothing can be listed
  void plain.list
  // @ts-expect-error nor revoked
  void createSessions(options).revokeUser
}
