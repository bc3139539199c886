/** A process that runs a part of many schedules, and prints the first that fails. */

import { storedBackend } from '../../src/backends/stored/stored.ts'
import { firstFailure, told } from './report.ts'

const [from = 1, count = 0] = process.argv.slice(2).map(Number)
const real = { makeBackend: storedBackend }

const failure = await firstFailure(real, { from, count })
if (failure) process.stdout.write(await told(real, failure))
