/** Puts the goals of a run into the page of the docs that explains them. */

import { goalTable, type Results } from './results.ts'

const QUOTE = /(<!-- results: [^]*?-->)[^]*?(<!-- \/results -->)/

export function quoted(page: string, results: Results): string {
  const { date, machine, versions } = results
  const place = `${date}, ${machine.processor}, ${machine.cores} cores, Node ${versions['node']}`
  const text = `${place}. From [RESULTS.md](../bench/RESULTS.md), which has every figure.`
  return page.replace(QUOTE, (_all, begin: string, end: string) => {
    return `${begin}\n\n${text}\n\n${goalTable(results)}\n\n${end}`
  })
}
