/** The tests: sojourn's own name means the source. */

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Workers and the programs that tests start read the same sources: each is stripped of its types and
// compiled once.
const compiled = fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url))
process.env['NODE_COMPILE_CACHE'] ??= compiled

const source = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url))

// `npm run test:long` takes everything; `npm run check` leaves out what starts servers and
// processes.
const isLong = process.env['LONG_TESTS'] === '1'
const isQuick = process.env['QUICK_TESTS'] === '1'

// Attacks by the thousand and tests of the tests need no server, but half of the inner loop's time.
const AT_LENGTH = [
  'test/bench/**',
  'test/linearizability/checker-properties*',
  'test/promises/lifetimes-only-shorten*',
  'test/session/waiting-messages*',
  'test/security/{tampering,grammar,bombs,forgeries,hostile-values-at-random}*',
]

const WITH_SERVERS = [
  'test/adapters/**',
  'test/chaos/**',
  'test/cli/**',
  'test/demo/**',
  'test/devtools/**',
  'test/examples/**',
  'test/express-session/**',
  'test/flask/**',
  'test/flask-session/**',
  'test/formerly/**',
  'test/interop/**',
  'test/linearizability/{load,stores}*',
  'test/migrate/{command,running,programs,types}*',
  'test/model/simpler-contracts*',
  'test/peers/**',
  'test/promises/*-on-a-store*',
  'test/promises/{absent,durable,fixation,ids,logout,revoked}-*',
  'test/security/{fixation,replay,rotation,shared-cache,same-answer,hostile-values-on,leaks-of}*',
  'test/session/formerly/{interleaved,stores,visitors}*',
  'test/starters/**',
  'test/stores/postgres/**',
  'test/stores/sqlite/full*',
  'test/stores/redis/**',
  'test/stores/sqlite/{locked,processes}*',
  'test/testing/adapter-conformance/**',
]

const ALL = ['test/**/*.test.ts']

// They change modules or the environment, which other files would share, or count every timer of
// their process, where an earlier file may still have some.
const ON_THEIR_OWN = [
  'test/session/{close,lost-changes}.test.ts',
  'test/session/explain/hints*.test.ts',
  'test/session/setup/{options,policy}.test.ts',
  'test/stores/memory/memory.test.ts',
]

// A third of the inner loop was loading the same modules for each file.
const QUICKLY: TestProjectConfiguration[] = [
  { extends: true, test: { name: 'own', include: ON_THEIR_OWN } },
  { extends: true, test: { name: 'shared', include: ALL, exclude: ON_THEIR_OWN, isolate: false } },
]

// What takes longest begins first, so that no processor waits for the last file: in a fresh clone
// Vitest knows no durations and goes by size.
const LONGEST = [
  'security/tampering',
  'model/',
  'chaos/',
  'record/text/json.test',
  'linearizability/stores',
  'cli/',
  'promises/no-lost-update-on-a-store',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((part) => moduleId.includes(`/test/${part}`))
      return at === -1 ? LONGEST.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^sojourn$/, replacement: source('index.ts') },
      { find: /^sojourn\/(flask|otel|formerly|devtools)$/, replacement: source('$1/$1.ts') },
      {
        find: /^sojourn\/flask-session$/,
        replacement: source('flask/session/flask-session.ts'),
      },
      {
        find: /^sojourn\/(fetch|express|fastify|koa|hono|h3|react-router|sveltekit|next)$/,
        replacement: source('adapters/$1.ts'),
      },
      {
        find: /^sojourn\/express-session$/,
        replacement: source('adapters/express-session/express-session.ts'),
      },
      { find: /^sojourn\/node$/, replacement: source('adapters/node/node.ts') },
      { find: /^sojourn\/stores$/, replacement: source('stores/session-store.ts') },
      {
        find: /^sojourn\/stores\/(memory|sqlite|redis|postgres)$/,
        replacement: source('stores/$1/$1.ts'),
      },
      { find: /^sojourn\/testing$/, replacement: source('testing/testing.ts') },
    ],
  },
  test: {
    ...(isQuick ? { projects: QUICKLY } : { include: ALL }),
    exclude: [
      ...configDefaults.exclude,
      ...(isLong ? [] : ['**/*.long.test.ts']),
      ...(isQuick ? [...WITH_SERVERS, ...AT_LENGTH] : []),
    ],
    globalSetup: isQuick ? [] : ['test/servers/start.ts'],
    // No assertion depends on the clock, so a test loses nothing by company; and there is work while
    // another waits for a deadline or a server.
    maxWorkers: availableParallelism() + (isQuick ? 0 : 1),
    sequence: { sequencer: LongestFirst },
    // A thread starts sooner than a process; what starts servers wants one of its own.
    ...(isQuick ? { pool: 'threads' as const } : {}),
    // Nothing that is secret shows in an error, an event or a line, whatever is tested.
    setupFiles: ['test/security/canary-setup.ts'],
    env: { NODE_ENV: 'test' },
    // What a framework has built is loaded by Node: `sojourn` in it is the packed library.
    server: { deps: { external: [/\/build\/handler\.js$/] } },
    // What a test that passed had to say on the console is what it provoked.
    silent: 'passed-only',
    // No assertion: a machine may have ten times as much else to do.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
})
