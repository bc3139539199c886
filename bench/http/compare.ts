/** Asks several servers for the same pages in turn, and measures what each request costs them. */

import { type Effort, figure, type Figure } from '../figures.ts'
import { CONNECTIONS, flood, visitors } from './client.ts'
import { type ServerProcess, startServer } from './server.ts'

interface Contestant {
  name: string
  server: ServerProcess
  cookies: string[]
}

/** What one round of one server came to. */
interface Round {
  /** Microseconds of the server's processor time for one request. */
  cost: number
  /** Requests per second, by the clock. */
  rate: number
  /** The 99th percentile of the waiting time, in milliseconds. */
  p99: number
}

/** How much processor time a server spends on each page before the first round, and in each round. */
const SCHEDULES: Record<Effort, Schedule> = {
  full: { rounds: 11, warmUpUs: 1_500_000, roundUs: 200_000 },
  quick: { rounds: 3, warmUpUs: 400_000, roundUs: 60_000 },
}

interface Schedule {
  rounds: number
  warmUpUs: number
  roundUs: number
}

/** Compares the servers of one host on these pages. Their tasks are called `label page`. */
export async function compareServers(
  { host, label, names, pages }: Comparison,
  effort: Effort,
): Promise<Figure[]> {
  const schedule = SCHEDULES[effort]
  const contestants: Contestant[] = []
  const figures: Figure[] = []
  try {
    for (const name of names) contestants.push(await enter(host, name))
    for (const page of pages) {
      const path = `/${page.replaceAll(' ', '-')}`
      const sizes = new Map<string, number>()
      for (const one of contestants) sizes.set(one.name, await warmUp(one, path, schedule))
      const taken = new Map(contestants.map(({ name }) => [name, [] as Round[]]))
      for (let round = 0; round < schedule.rounds; round++) {
        for (let turn = 0; turn < contestants.length; turn++) {
          const one = contestants[(round + turn) % contestants.length]!
          taken.get(one.name)!.push(await measure(one, path, sizes.get(one.name)!))
        }
      }
      for (const [name, all] of taken) figures.push(...figuresOf(`${label} ${page}`, name, all))
    }
  } finally {
    for (const { server } of contestants) server.stop()
  }
  return figures
}

export interface Comparison {
  /** The file that exports `servers`, from the folder `bench` on and without its ending. */
  host: string
  label: string
  names: readonly string[]
  pages: readonly string[]
}

async function enter(host: string, name: string): Promise<Contestant> {
  const server = await startServer(host, name)
  const cookies = await visitors(server.port)
  // A server without sessions gets a header of the same size as the others.
  const sent = cookies.map((cookie) => cookie || `session=${'x'.repeat(200)}`)
  if (sent.length !== CONNECTIONS) throw new Error('A connection has no visitor.')
  return { name, server, cookies: sent }
}

/** Lets the server's compiler finish, and finds how many requests fill a round. */
async function warmUp(one: Contestant, path: string, { warmUpUs, roundUs }: Schedule) {
  let size = 200
  for (let spent = 0; spent < warmUpUs;) {
    const { cost } = await measure(one, path, size)
    spent += cost * size
    size = Math.max(200, Math.round(roundUs / cost))
  }
  return size
}

async function measure({ server, cookies }: Contestant, path: string, requests: number) {
  await server.used()
  const began = performance.now()
  const latencies = await flood(server.port, path, cookies, requests)
  const seconds = (performance.now() - began) / 1000
  const cost = (await server.used()) / requests
  latencies.sort((a, b) => a - b)
  return { cost, rate: requests / seconds, p99: latencies[Math.floor(latencies.length * 0.99)]! }
}

function figuresOf(task: string, by: string, rounds: readonly Round[]): Figure[] {
  return [
    figure(
      task,
      by,
      'us',
      rounds.map(({ cost }) => cost),
    ),
    figure(
      task,
      by,
      'per second',
      rounds.map(({ rate }) => rate),
    ),
    figure(
      task,
      by,
      'ms',
      rounds.map(({ p99 }) => p99),
    ),
  ]
}
