import { expect, test } from 'vitest'
import { files, text } from './repository.ts'

/** Who may look at a clock, and what for. */
const MAY: Record<string, string> = {
  'chaos/deadlines.ts': 'repeats rounds, with and without a fault, until it is decided',
  'linearizability/faults.long.test.ts': 'ends a load by the clock of the histories',
  'linearizability/load.test.ts': 'ends a load by the clock of the histories',
  'linearizability/load.ts': 'stamps the histories',
  'linearizability/record.ts': 'stamps the histories',
  'processor-time.ts': 'compares work with work, and repeats it until it is decided',
  'security/forgeries.ts': 'compares with the fixed loop',
  'stores/memory/sweep.long.test.ts': 'repeats the sweep until it is decided',
}

const CLOCKS =
  /\bperformance\.now\(|\bhrtime\b|\bprocessorTime\(|pUsage\(|Date\.now\(\) - \w*(?:At|start|since)\b/

test('a test holds on a busy machine: none but those listed measures time', () => {
  const found = files('**/*.{ts,mjs}', 'test').filter((file) => CLOCKS.test(text(`test/${file}`)))
  const unlisted = found.filter((file) => file !== 'package/clocks.test.ts' && !(file in MAY))
  expect(unlisted).toEqual([])
  expect(Object.keys(MAY).filter((file) => !found.includes(file))).toEqual([])
})
