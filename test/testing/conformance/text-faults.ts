/** Stores that mangle keys, owners or bodies. */

import type { Fault } from './faults.ts'

export const TEXT_FAULTS: readonly Fault[] = [
  ...(
    [
      ['without regard to case', (key) => key.toLowerCase()],
      ['trimmed', (key) => key.trim()],
      ['normalised', (key) => key.normalize()],
      ['cut at 254 bytes', (key) => Buffer.from(key).subarray(0, 254).toString()],
      ['by their hash tag', (key) => /\{(.+?)\}/.exec(key)?.[1] ?? key],
      [
        'without what has a meaning elsewhere',
        (key) => (key === '__proto__' ? 'constructor' : key),
      ],
    ] satisfies [string, (key: string) => string][]
  ).map(([how, change]): Fault => [
    `keys are compared ${how}`,
    ({ store }) => ({
      read: (key) => store.read(change(key)),
      insert: (key, row) => store.insert(change(key), row),
    }),
    /keys with quotes, spaces/,
  ]),
  ...(
    [
      ['cut at 64 KiB', (text) => text.slice(0, 65_536), /bodies of a mebibyte/],
      ['cut at U+0000', (text) => text.split('\0')[0]!, /bodies come back to the character/],
      ['without a first BOM', (text) => text.replace(/^\ufeff/, ''), /bodies come back/],
      ['normalised', (text) => text.normalize(), /bodies come back/],
      ['trimmed', (text) => text.trim(), /bodies come back/],
      ['latin-1', (text) => Buffer.from(text, 'latin1').toString('latin1'), /bodies come back/],
    ] satisfies [string, (text: string) => string, RegExp][]
  ).map(([how, change, caught]): Fault => [
    `bodies are ${how}`,
    ({ store }) => ({
      insert: (key, row) => store.insert(key, { ...row, body: change(row.body) }),
    }),
    caught,
  ]),
  [
    'an owner that is empty is nobody',
    ({ store }) => ({
      insert: (key, row) => store.insert(key, { ...row, owner: row.owner || null }),
    }),
    /owners of rows come back/,
  ],
  [
    'nobody is an owner called null',
    ({ store }) => ({ insert: (key, row) => store.insert(key, { ...row, owner: `${row.owner}` }) }),
    /an inserted row is read back whole/,
  ],
]
