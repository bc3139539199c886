/** The adapter suite itself: a sound adapter passes, every broken one is caught, exceptions are real. */

import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import { adapterConformance } from '../../../src/testing/testing.ts'
import { text } from '../../package/repository.ts'
import { FAULTS, harnessOf } from './faults.ts'

const caseOf = (id: string, harness: Parameters<typeof adapterConformance>[0]) =>
  adapterConformance(harness).find((one) => one.id === id)!

test.each(FAULTS)('an adapter that %s is caught by "%s"', async (_fault, id, how, fault) => {
  const failing = caseOf(id, harnessOf(fault)).run()
  await expect(failing).rejects.toBeInstanceOf(AssertionError)
  await expect(failing).rejects.toThrow(how)
})

describe('an exception of an adapter', () => {
  const lossy = harnessOf({
    response: ({ status, body }) => new Response(body, { status }),
  })

  test('is checked: the scenario has to fail in the way that is given', async () => {
    const exceptions = { counts: 'second visit: 1, not 2' }
    await caseOf('counts', { ...lossy, exceptions }).run()
  })

  test('that fails in another way is a failure', async () => {
    const exceptions = { counts: 'status: 500' }
    await expect(caseOf('counts', { ...lossy, exceptions }).run()).rejects.toThrow(
      'The scenario "counts" fails otherwise than with "status: 500": second visit: 1, not 2',
    )
  })

  test('that is none any more is a failure', async () => {
    const exceptions = { counts: 'second visit: 1, not 2' }
    await expect(caseOf('counts', { ...harnessOf({}), exceptions }).run()).rejects.toThrow(
      'The scenario "counts" passes: it is no exception',
    )
  })

  test('of a scenario that does not exist is an error at once', () => {
    const exceptions = { count: 'x', 'guard-csrf': 'y' }
    expect(() => adapterConformance({ ...lossy, exceptions })).toThrow(
      'No such scenario: count, guard-csrf',
    )
  })
})

test('leaves out the scenarios on what the adapter does not offer, and the table in the docs has all', () => {
  const start = () => ({ origin: '', stop() {} })
  const bare = adapterConformance({ start })
  const offers = ['current', 'csrfGuard', 'loginRequired', 'routes', 'errorPage'] as const
  const throwRedirect = () => {
    throw new Error('redirect')
  }
  const whole = adapterConformance({ start, offers, throwRedirect })
  expect(bare.length).toBeGreaterThanOrEqual(36)
  expect(whole.length).toBe(bare.length + 8)
  expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length)
  expect(new Set(whole.map(({ name }) => name)).size).toBe(whole.length)
  const table = text('docs/adapters-table.md')
  for (const { id, name } of whole) expect(table).toContain(`\n| ${id} | ${name} | `)
})
