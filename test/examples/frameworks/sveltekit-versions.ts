/** The versions of SvelteKit under test, by major. The example names the first. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../package/repository.ts'

const KIT = '@sveltejs/kit'
const NODE = '@sveltejs/adapter-node'

const { devDependencies: newest } = JSON.parse(
  readFileSync(join(root, 'examples/sveltekit/package.json'), 'utf8'),
)

/** For `installExample`. */
export const SVELTEKIT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  3: { [KIT]: newest[KIT], [NODE]: newest[NODE] },
  2: { [KIT]: '2.70.4', [NODE]: '5.5.7' },
}
