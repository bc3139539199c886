/**
 * Mutation testing: breaks one thing at a time in a copy of src and says which breaks no test notices.
 *
 *   node scripts/mutate.mjs src/record [--jobs 4] [--every 9 --offset 0] [--json figures.json]
 *
 * The working tree is never touched. A mutant that is no TypeScript, or differs in types only, does
 * not count; one that runs longer than the limit is killed and counts as noticed.
 */

import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { transformSync } from 'esbuild'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: '4' },
    every: { type: 'string', default: '1' },
    offset: { type: 'string', default: '0' },
    json: { type: 'string' },
  },
})
const root = resolve(import.meta.dirname, '..')
const LIMIT_MS = 60_000

/** What each file is proved by, the quickest first; a file's own test comes before them. */
const ALSO = {
  record: ['test/record', 'test/session/session.test.ts'],
  http: ['test/http'],
  crypto: ['test/crypto', 'test/session/hostile.test.ts'],
}

// Operators with what takes their place. They are matched where no string, comment or regexp stands.
const SWAPS = [
  [/ === /g, [' !== ']],
  [/ !== /g, [' === ']],
  [/ < /g, [' <= ', ' >= ']],
  [/ > /g, [' >= ', ' <= ']],
  [/ <= /g, [' < ']],
  [/ >= /g, [' > ']],
  [/ && /g, [' || ']],
  [/ \|\| /g, [' && ']],
  [/ \?\? /g, [' && ']],
  [/ \+ /g, [' - ']],
  [/ - /g, [' + ']],
  [/ \* /g, [' / ']],
  [/ \/ /g, [' * ']],
  [/\+\+/g, ['--']],
  [/--/g, ['++']],
  [/\btrue\b/g, ['false']],
  [/\bfalse\b/g, ['true']],
  [/(?<=[\s(])!(?=[\w(])/g, ['']],
  [/(?<![\w.$#])\d[\d_]*(?![\w.n])/g, [(number) => String(Number(number.replaceAll('_', '')) + 1)]],
]

/** The source with strings, comments and regular expressions blanked out, at the same places. */
function masked(source) {
  const blank = (text) => text.replace(/[^\n]/g, ' ')
  return source.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|(?<=[(=,:?!&|]\s*|return )\/(?![*/\s])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g,
    blank,
  )
}

/** Every mutant of a source: where, what, and the text. */
function mutantsOf(source) {
  const mask = masked(source)
  const edits = []
  for (const [pattern, replacements] of SWAPS) {
    for (const match of mask.matchAll(pattern)) {
      for (const replacement of replacements) {
        const to = typeof replacement === 'function' ? replacement(match[0]) : replacement
        edits.push({ at: match.index, from: match[0], to })
      }
    }
  }
  let start = 0
  for (const line of mask.split('\n')) {
    const end = start + line.length
    const text = source.slice(start, end)
    const condition = /^(\s*(?:\} else )?(?:if|while) )\((.*)\)( [^()]*)?$/.exec(line)
    if (condition && /^\s*(\} else )?if/.test(line)) {
      const open = condition[1].length
      let depth = 0
      let close = open
      for (; close < line.length; close++) {
        if (line[close] === '(') depth++
        if (line[close] === ')' && --depth === 0) break
      }
      for (const to of ['(true)', '(false)'])
        edits.push({ at: start + open, from: text.slice(open, close + 1), to })
    }
    const returned = /^\s*(?:if \(.*\) )?return (?!undefined$|\{$|\($|\[$)/.exec(line)
    if (returned)
      edits.push({
        at: start + returned[0].length,
        from: text.slice(returned[0].length),
        to: 'undefined',
      })
    if (
      /^\s+(?!return|const|let|case|default|import|export|function|async|type|interface|for|switch|\}|\)|\]|\/|\*)\S.*[\w)\]'`]$/.test(
        text,
      ) &&
      /[()=]|break|continue|throw|\+\+|--/.test(line)
    ) {
      edits.push({ at: start, from: text, to: '' })
    }
    start = end + 1
  }
  return edits.map((edit) => ({
    ...edit,
    line: source.slice(0, edit.at).split('\n').length,
    text: source.slice(0, edit.at) + edit.to + source.slice(edit.at + edit.from.length),
  }))
}

function compiled(text) {
  try {
    return transformSync(text, { loader: 'ts', minifyWhitespace: true }).code
  } catch {
    return undefined
  }
}

function copyOfProject() {
  const copy = mkdtempSync(join(tmpdir(), 'mutate-'))
  for (const name of ['src', 'test', 'package.json', 'vitest.config.ts', 'tsconfig.json']) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** Runs the tests in a copy: whether they passed, failed or took too long. */
function runTests(copy, tests) {
  return new Promise((settle) => {
    const child = spawn(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1', '--maxWorkers', '2', ...tests],
      {
        cwd: copy,
        stdio: 'ignore',
        detached: true,
        env: { ...process.env, QUICK_TESTS: '1' },
      },
    )
    const timer = setTimeout(() => {
      process.kill(-child.pid, 'SIGKILL')
      settle('timeout')
    }, LIMIT_MS)
    child.on('exit', (code) => {
      clearTimeout(timer)
      settle(code === 0 ? 'survived' : 'killed')
    })
  })
}

const files = positionals.flatMap((name) =>
  name.endsWith('.ts')
    ? [name]
    : readdirSync(join(root, name))
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(name, file)),
)
const work = files.flatMap((file) => {
  const source = readFileSync(join(root, file), 'utf8')
  const original = compiled(source)
  const seen = new Set([original, undefined])
  const folder = file.split('/')[1]
  const own = `test/${folder}/${basename(file, '.ts')}.test.ts`
  const tests = [...new Set([own, ...(ALSO[folder] ?? [`test/${folder}`])])].filter((test) =>
    existsSync(join(root, test)),
  )
  return mutantsOf(source).flatMap((mutant) => {
    const code = compiled(mutant.text)
    if (seen.has(code)) return []
    seen.add(code)
    return [{ file, source, own, tests, ...mutant }]
  })
})
const chosen = work.filter((_, index) => index % Number(values.every) === Number(values.offset))
console.log(`${chosen.length} mutants of ${files.length} files`)

const results = []
const queue = [...chosen]
async function worker() {
  const copy = copyOfProject()
  try {
    const everything = [...new Set(chosen.flatMap(({ tests }) => tests))]
    if ((await runTests(copy, everything)) !== 'survived')
      throw new Error('the tests fail without a mutant')
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const { file, source, own, tests, line, from, to, text } = mutant
      writeFileSync(join(copy, file), text)
      let outcome = existsSync(join(copy, own)) ? await runTests(copy, [own]) : 'survived'
      if (outcome === 'survived') outcome = await runTests(copy, tests)
      writeFileSync(join(copy, file), source)
      results.push({ file, line, from: from.trim(), to: to.trim(), outcome })
      if (outcome === 'survived')
        console.log(`survived  ${file}:${line}  ${from.trim()}  ->  ${to.trim() || '(removed)'}`)
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
await Promise.all(Array.from({ length: Number(values.jobs) }, worker))

for (const file of files) {
  const own = results.filter((result) => result.file === file)
  const count = (outcome) => own.filter((result) => result.outcome === outcome).length
  console.log(
    `${file}: ${own.length} mutants, ${count('killed')} killed, ${count('timeout')} timed out, ${count('survived')} survived`,
  )
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`)
