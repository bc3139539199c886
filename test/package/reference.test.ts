/** The API reference: every export says what it is, its options their defaults, its errors, and how to call it. */

import { describe, expect, it } from 'vitest'
import { errorCatalogue } from '../../src/base/errors.ts'
import { type Block, compile } from './blocks.ts'
import {
  type Declared,
  type Doc,
  type Member,
  type Node,
  publicApi,
  resolve,
  tagged,
  typeNamesIn,
} from './public-api.ts'
import { codesIn, thrownCodes } from './thrown-codes.ts'

const api = publicApi()

/** The types whose optional properties an app leaves out: each has a default. */
const GIVEN = /(Options|Config|Settings|Attributes|Functions|Harness|Facts|Telemetry)$/

/** The objects that apps call: each method has an example. */
const CALLED = ['Session', 'Sessions', 'AcrossSessions']

/** Codes that the source of a function names, and that it never throws. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  // Its secrets are Flask's, which may be weak.
  'sojourn/flask flaskCookie': ['ERR_SECRET_WEAK'],
}

/** Every change is applied by one function, which throws these for the updates only. */
const OF_UPDATES = ['ERR_UPDATE_ASYNC', 'ERR_UPDATE_UNDEFINED']

const nameOf = ({ from, name }: Declared) => `${from} ${name}`

const isCallable = ({ kind }: Declared) => kind !== 'interface' && kind !== 'type'

/** Methods that apps call on an object of the main module. */
function calledMethods(one: Declared): Member[] {
  const isCalled = one.from === 'sojourn' && CALLED.includes(one.name)
  return isCalled ? one.members.filter(({ isMethod }) => isMethod) : []
}

const codesNamed = (...docs: Doc[]) =>
  docs.flatMap(
    (doc) =>
      tagged(doc, 'throws')
        .join(' ')
        .match(/ERR_[A-Z_]+/g) ?? [],
  )

const idOf = (node: Node) => (node['id'] as Node | null | undefined)?.['name']

/** Every export and member with its docstring. */
const docs = api.flatMap((one): [string, Doc][] => [
  [nameOf(one), one.doc],
  ...one.members.map(({ name, doc }): [string, Doc] => [`${nameOf(one)}.${name}`, doc]),
])

describe('every export', () => {
  it('is found: by name from each subpath, and in no other way', () => {
    expect(api.length).toBeGreaterThan(200)
    expect(api.map(nameOf)).toEqual(
      expect.arrayContaining(['sojourn createSessions', 'sojourn/hono csrfGuard']),
    )
  })

  it('has a docstring, and so has each of its members', () => {
    expect(docs.filter(([, { prose }]) => prose === '').map(([name]) => name)).toEqual([])
  })

  it('says the default of each option that can be left out', () => {
    const missing = api
      .filter(({ name }) => GIVEN.test(name))
      .flatMap((one) =>
        one.members
          .filter(({ isOptional, isMethod }) => isOptional && !isMethod)
          .filter(({ doc }) => tagged(doc, 'default').every((text) => text === ''))
          .map(({ name }) => `${nameOf(one)}.${name}`),
      )
    expect(missing).toEqual([])
  })

  it('says one default, not two', () => {
    const several = docs.filter(([, doc]) => tagged(doc, 'default').length > 1)
    expect(several.map(([name]) => name)).toEqual([])
  })

  it('that takes options has them exported, so that they are in the reference', () => {
    const known = new Set(api.map(({ file, node }) => `${file} ${idOf(node)}`))
    const hidden = api.flatMap((one) =>
      typeNamesIn(one.node['params'])
        .filter((name) => GIVEN.test(name))
        .filter((name) => !known.has(resolve(one.file, name).join(' ')))
        .map((name) => `${nameOf(one)} takes ${name}`),
    )
    expect(hidden).toEqual([])
  })

  it('that is called has an example, which imports it', () => {
    const missing = api.filter(isCallable).filter((one) => {
      const examples = tagged(one.doc, 'example')
      const name = one.name === 'default' ? '' : one.name
      return !examples.some((code) => code.includes(name) && /from 'sojourn/.test(code))
    })
    expect(missing.map(nameOf)).toEqual([])
  })

  it('that an app calls methods of has an example for each of them', () => {
    const missing = api.flatMap((one) =>
      calledMethods(one)
        .filter(({ doc }) => tagged(doc, 'example').length === 0)
        .map(({ name }) => `${nameOf(one)}.${name}`),
    )
    expect(missing).toEqual([])
  })
})

describe('the errors of an export', () => {
  const catalogue: readonly string[] = errorCatalogue().map(({ code }) => code)

  it('are named, as far as its source shows which it throws', () => {
    const silent = api.flatMap((one) => {
      const thrown: [string, ReadonlySet<string>, string[]][] =
        one.kind === 'function'
          ? [[nameOf(one), thrownCodes(one.file, one.name), codesNamed(one.doc)]]
          : one.members.flatMap(({ name, node, doc, file }) => {
              const body = node['body'] as typeof node | undefined
              if (one.kind !== 'class' || !body) return []
              return [[`${nameOf(one)}.${name}`, codesIn(body, file), codesNamed(one.doc, doc)]]
            })
      return thrown.flatMap(([name, codes, named]) =>
        [...codes]
          .filter((code) => !named.includes(code) && !NEVER[name]?.includes(code))
          .filter((code) => name === 'sojourn Session.update' || !OF_UPDATES.includes(code))
          .map((code) => `${name} throws ${code}`),
      )
    })
    expect(silent).toEqual([])
  })

  it('are looked for where functions call each other', () => {
    // Else a change of the search would make the test above say nothing.
    expect([...thrownCodes('session/create-sessions.ts', 'createSessions')].toSorted()).toEqual([
      'ERR_OPTION_INVALID',
      'ERR_SECRET_MISSING',
      'ERR_SECRET_WEAK',
    ])
    expect([...thrownCodes('adapters/hono.ts', 'csrfGuard')]).toEqual(['ERR_OPTION_INVALID'])
    expect([...thrownCodes('http/safe-next.ts', 'safeNext')]).toEqual([])
  })

  it('exist, and each is named by an export', () => {
    const named = new Set(docs.flatMap(([, doc]) => codesNamed(doc)))
    expect([...named].filter((code) => !catalogue.includes(code))).toEqual([])
    expect(catalogue.filter((code) => !named.has(code))).toEqual([])
  })
})

describe('the examples of the exports', () => {
  it('type-check, each by itself', () => {
    const blocks = api.flatMap((one) =>
      [one, ...one.members].flatMap(({ doc, file }) => examplesOf(doc, `src/${file}`)),
    )
    expect(blocks.length).toBeGreaterThan(100)
    expect(compile(blocks, 'StoredSessions')).toEqual([])
  })
})

function examplesOf(doc: Doc, page: string): Block[] {
  return doc.tags
    .filter(({ tag }) => tag === 'example')
    .map(({ text, line }) => {
      const code = text.replace(/^\n/, '').trimEnd()
      return { page, line: line + 1, language: 'ts', code, quoted: undefined }
    })
}
