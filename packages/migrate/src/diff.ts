/** A unified diff of two texts, as `git diff` prints it. */

const CONTEXT = 3

/** The diff of a file; empty if nothing differs. */
export function unifiedDiff(path: string, before: string | undefined, after: string): string {
  const [old, fresh] = [linesOf(before ?? ''), linesOf(after)]
  const steps = stepsOf(old, fresh)
  const marked = steps.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]))
  if (marked.length === 0) return ''
  const hunks: [number, number][] = []
  for (const index of marked) {
    const [from, to] = [Math.max(0, index - CONTEXT), Math.min(steps.length, index + CONTEXT + 1)]
    const last = hunks.at(-1)
    if (last && from <= last[1]) last[1] = to
    else hunks.push([from, to])
  }
  const head = [`--- ${before === undefined ? '/dev/null' : `a/${path}`}`, `+++ b/${path}`]
  return [...head, ...hunks.map(([from, to]) => hunk(steps, from, to)), ''].join('\n')
}

interface Step {
  mark: ' ' | '-' | '+'
  line: string
}

function hunk(steps: readonly Step[], from: number, to: number): string {
  const part = steps.slice(from, to)
  const range = (skipped: Step['mark']) => {
    const count = part.filter(({ mark }) => mark !== skipped).length
    const before = steps.slice(0, from).filter(({ mark }) => mark !== skipped).length
    return `${count === 0 ? before : before + 1}${count === 1 ? '' : `,${count}`}`
  }
  const lines = part.map(({ mark, line }) =>
    line.endsWith('\n') ? mark + line.slice(0, -1) : `${mark}${line}\n\\ No newline at end of file`,
  )
  return [`@@ -${range('+')} +${range('-')} @@`, ...lines].join('\n')
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** The fewest changes from one text to the other, by their longest common subsequence. */
function stepsOf(old: readonly string[], fresh: readonly string[]): Step[] {
  let start = 0
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1
  let tail = 0
  const most = Math.min(old.length, fresh.length) - start
  while (tail < most && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1
  const [a, b] = [old.slice(start, old.length - tail), fresh.slice(start, fresh.length - tail)]
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  const same = (line: string): Step => ({ mark: ' ', line })
  const steps = old.slice(0, start).map(same)
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      steps.push(same(a[i]!))
      i += 1
      j += 1
    } else if (
      i < a.length &&
      (j === b.length || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
    ) {
      steps.push({ mark: '-', line: a[i]! })
      i += 1
    } else {
      steps.push({ mark: '+', line: b[j]! })
      j += 1
    }
  }
  return [...steps, ...old.slice(old.length - tail).map(same)]
}
