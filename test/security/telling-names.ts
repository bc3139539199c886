/** Names that mean something to objects in JavaScript, and nothing to a session. */
export const TELLING_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'toJSON',
]
