/** The formats as docs/formats.md writes them down: our code and an independent program agree on every vector. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { decodeEntry, encodeEntry } from '../../src/backends/stored/entry.ts'
import { hashOfVerifier, sessionIdFormat } from '../../src/backends/stored/session-id.ts'
import { encrypter } from '../../src/crypto/encrypted.ts'
import { keyring } from '../../src/crypto/keyring.ts'
import { packPlain, unpack } from '../../src/crypto/payload.ts'
import { authenticator, timedSigner } from '../../src/crypto/signed.ts'
import { createSessions } from '../../src/index.ts'
import { keyFor } from '../../src/crypto/keys.ts'
import { layoutWith } from '../../src/session/setup/own-preset.ts'
import { memoryStore } from '../../src/stores/memory/memory.ts'
import { note, noteRecord, readVectors, VECTORS, type Vectors } from './formats.ts'

const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3'
const SCRIPT = fileURLToPath(new URL('./formats.py', import.meta.url))

const vectors = readVectors()
const layout = layoutWith([])
const bytesOf = (texts: readonly string[]) => texts.map((text) => Buffer.from(text, 'hex'))

/** What came of a vector, as it says it itself. */
type Outcome = { opens: unknown; written?: Written } | { refused: string }

/** What our code writes to say the same, and what it should be. */
type Written = readonly [ours: string, expected: string]

/** Tests each vector of a kind by what came of opening it. */
function agree<Kind extends Exclude<keyof Vectors, 'sessions'>>(
  kind: Kind,
  outcome: (vector: Vectors[Kind][number]) => Outcome,
): void {
  describe(`${kind} of the vectors`, () => {
    it.each(vectors[kind].map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
      const { opens, refused } = vector
      const { written, ...found } = { written: undefined, ...outcome(vector) }
      expect(found).toEqual(refused === undefined ? { opens } : { refused })
      if (written) expect(written[0]).toBe(written[1])
    })
  })
}

agree('secrets', ({ spelled }) => {
  try {
    const { secrets } = keyring(spelled, { where: 'secret', remedy: '', refuse: [] })
    return { opens: Buffer.from(secrets[0]!).toString('hex') }
  } catch {
    return { refused: 'spelling' }
  }
})

agree('keys', ({ secret, purpose, ...scope }) => {
  const key = keyFor(Buffer.from(secret, 'hex'), purpose, scope)
  return { opens: Buffer.from(key).toString('hex') }
})

agree('signed', ({ keys, value, writes }) => {
  const ring = bytesOf(keys)
  const verified = timedSigner(authenticator(ring, 'sha256')).verify(value)
  if (typeof verified === 'string') return { refused: verified }
  const { body, seconds, key } = verified
  const text = unpack(body)
  if (text === undefined) return { refused: 'payload' }
  const opens = { text, seconds, key }
  if (!writes) return { opens }
  const signer = timedSigner(authenticator([ring[key]!], 'sha256'))
  return { opens, written: [signer.sign(packPlain(text), seconds), value] }
})

agree('encrypted', ({ keys, scope: { context, ...scope }, salt, value }) => {
  const ring = bytesOf(keys)
  const opened = encrypter(ring, scope).open(value, context)
  if (typeof opened === 'string') return { refused: opened }
  const again = encrypter([ring[opened.key]!], scope, () => Buffer.from(salt, 'hex'))
  return { opens: opened, written: [again.seal(opened.text, opened.seconds, context), value] }
})

agree('records', ({ text, writes }) => {
  const record = layout.decode(text)
  if (!record) return { refused: 'payload' }
  const opens = noteRecord(record, layout)
  return writes ? { opens, written: [layout.encode(record), text] } : { opens }
})

agree('ids', ({ keys, value }) => {
  const ring = bytesOf(keys)
  const id = sessionIdFormat(ring).parse(value)
  if (typeof id === 'string') return { refused: id }
  const again = sessionIdFormat([ring[id.key]!]).issue(id.selector, id.verifier)
  return { opens: { ...id, hash: hashOfVerifier(id.verifier) }, written: [again, value] }
})

agree('rows', ({ selector, body, refused }) => {
  const row = { write: 'w', recent: [], expiresAt: 0, owner: null, body }
  const entry = decodeEntry(selector, row, { layout })
  // Ours does not tell a wrong head from a wrong record.
  if (!entry) return { refused: refused ?? 'row' }
  const { verifier: hash, auth, epoch, idle, lowered, issued, previous, attributes } = entry
  const record = noteRecord(entry.record, layout)
  const before = previous && { hash: previous.verifier, replaced: previous.replacedAt ?? 0 }
  const opens = {
    hash,
    auth,
    ...(epoch > 0 && { epoch }),
    idle,
    ...(lowered !== undefined && { lowered }),
    issued,
    record,
    ...(before && { previous: before }),
    ...(attributes && { attributes }),
  }
  return { opens, written: [encodeEntry(entry, layout), body] }
})

describe('sessions of the vectors', () => {
  it.each(vectors.sessions.map((vector) => [vector.name, vector] as const))('%s', async (_, v) => {
    const store = v.body === undefined ? undefined : memoryStore()
    const now = v.now * 1000
    if (store) {
      const row = { write: 'w', recent: [], expiresAt: now + 1000, owner: null, body: v.body! }
      await store.insert(v.value.slice(0, 22), row)
    }
    const sessions = createSessions<any>({
      secret: v.secret,
      audience: v.audience,
      cookie: { name: v.cookieName, secure: true },
      encrypt: v.body === undefined ? v.kind === 'encrypted' : !v.body.includes('\n'),
      clock: () => now,
      ...(store && { store }),
    })
    const session = await sessions.open(`${v.cookieName}=${v.value}`)
    const { record, csrfToken } = v.opens!
    expect([...session.keys()]).toEqual(record.data.map(([name]) => name))
    for (const [name, value] of record.data) expect(note(session.get(name)), name).toEqual(value)
    expect(session.userId).toBe(new Map(record.meta).get('u'))
    expect(session.csrfToken()).toBe(csrfToken)
  })
})

describe('an independent program, written from docs/formats.md', () => {
  it('finds every vector as it is written down', () => {
    const { output, status } = runPython(VECTORS)
    expect(output).not.toMatch(/Error/)
    expect(status).toBe(0)
    const { about: _, ...kinds } = vectors as Vectors & { about: string }
    for (const [kind, list] of Object.entries(kinds)) {
      expect(output).toContain(`${kind}: ${list.length} checked`)
    }
  })

  it('would notice one that is wrong, of each kind', () => {
    const wrong = readVectors()
    wrong.secrets[0]!.opens = '00'
    wrong.keys[0]!.audience = 'another'
    wrong.signed[0]!.opens!.seconds++
    wrong.encrypted[0]!.salt = '00'.repeat(24)
    wrong.records[0]!.opens!.nonce = 'aaaaaa'
    wrong.ids[0]!.opens!.hash = ''
    wrong.rows[0]!.opens!.auth++
    wrong.sessions[0]!.opens!.csrfToken = ''
    const folder = mkdtempSync(join(tmpdir(), 'sojourn-formats-'))
    try {
      const file = join(folder, 'vectors.json')
      writeFileSync(file, JSON.stringify(wrong))
      const { output, status } = runPython(file)
      expect(status).toBe(1)
      expect(output.match(/^(\w+): .*AssertionError/gm)).toHaveLength(8)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

function runPython(file: string): { output: string; status: number | null } {
  const { stdout, stderr, status, error } = spawnSync(PYTHON, [SCRIPT, file], { encoding: 'utf8' })
  if (error || /ModuleNotFoundError: No module named 'cryptography/.test(stderr)) {
    throw new Error(
      `${PYTHON} with the module "cryptography" is needed to check the formats (Debian: python3-cryptography).\n${error?.message ?? stderr}`,
    )
  }
  return { output: stdout + stderr, status }
}
