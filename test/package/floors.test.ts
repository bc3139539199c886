import { describe, expect, it } from 'vitest'
import { circles, importsOf, risingImports } from './floors.ts'
import { sources } from './repository.ts'

describe('the floors of src', () => {
  it('has only imports that go down', () => {
    expect(risingImports(sources())).toEqual([])
  })

  it('has no circle of files, inside a room either', () => {
    expect(circles(sources())).toEqual([])
    const pair: [string, string][] = [
      ['base/a.ts', `import { b } from './b.ts'`],
      ['base/b.ts', `import type { A } from './a.ts'`],
    ]
    expect(circles(new Map(pair))).toEqual(['base/a.ts > base/b.ts > base/a.ts'])
  })

  it.each([
    ['base/bytes.ts', '../http/cookie.ts', 'higher floor'],
    ['http/cookie.ts', '../crypto/keyring.ts', 'same floor'],
    ['adapters/node/node.ts', '../../flask/flask.ts', 'same floor'],
    ['stores/redis/redis.ts', '../sqlite/sqlite.ts', 'same floor'],
    ['session/state.ts', '../stores/memory/memory.ts', 'higher floor'],
    ['record/text/codec.ts', '../fields.ts', 'higher floor'],
    ['record/fields.ts', '../../test/x.ts', 'outside src'],
    ['session/session.ts', '../index.ts', 'front door'],
    ['index.ts', './adapters/fetch.ts', 'front door'],
    ['session/session.ts', '../attic/x.ts', 'no floor'],
  ])('would notice %s importing %s', (file, target, why) => {
    for (const line of [
      `import { x } from '${target}'`,
      `import type { X } from "${target}"`,
      `export * from '${target}'`,
      `const x = await import('${target}')`,
      `import '${target}'`,
    ]) {
      expect(risingImports(new Map([[file, line]]))).toEqual([expect.stringContaining(why)])
    }
  })

  it('lets a file import its own room and everything below', () => {
    const below = `import '../record/text/codec.ts'\nimport './state.ts'\n// import '../cli/main.ts'`
    expect(risingImports(new Map([['session/session.ts', below]]))).toEqual([])
  })
})

describe('what the rooms may use', () => {
  const inRoom = (room: string) => [...sources()].filter(([file]) => file.startsWith(`${room}/`))

  it('records are pure: nothing of Node and nothing asynchronous', () => {
    for (const [file, source] of inRoom('record')) {
      expect(
        importsOf(source).filter((name) => name.startsWith('node:')),
        file,
      ).toEqual([])
      expect(source, file).not.toMatch(/\basync\b|\bawait\b|\bPromise</)
    }
  })

  it('nothing but Node itself is imported', () => {
    for (const [file, source] of sources()) {
      const foreign = importsOf(source).filter((name) => !/^(\.|node:)/.test(name))
      expect(foreign, file).toEqual([])
    }
  })
})
