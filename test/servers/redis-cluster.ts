/** Several Redis servers as one: a Cluster of three and three, and a Sentinel's trio. */

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, launch, startRedis, type Redis } from './redis.ts'

/** A Cluster while it runs. */
export interface RedisCluster {
  /** Its first master's: a client finds the others by itself. */
  readonly url: string
  /** Three masters, then their three replicas. */
  readonly nodes: readonly Redis[]
  stop(): Promise<void>
}

/** Starts three masters with a replica each. They end with this process, however that ends. */
export async function startRedisCluster(settings: readonly string[] = []): Promise<RedisCluster> {
  // oxfmt-ignore
  const ofNode = [
    '--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0',
    ...settings,
  ]
  const nodes = await inTurn(6, () => startRedis({ settings: ofNode }))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  // oxfmt-ignore
  await promisify(execFile)('redis-cli', [
    '--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes',
  ])
  for (const { port } of nodes) await until(port, ['CLUSTER', 'INFO'], /cluster_state:ok/)
  for (const { port } of nodes.slice(3)) {
    await until(port, ['INFO', 'replication'], /master_link_status:up/)
  }
  return {
    url: (nodes[0] as Redis).url,
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

/** A master, its replicas, and the Sentinels that watch them. */
export interface RedisSentinel {
  /** What the Sentinels call the master. */
  readonly name: string
  readonly sentinels: readonly { host: string; port: number }[]
  /** The first master, then two replicas. */
  readonly nodes: readonly Redis[]
  stop(): Promise<void>
}

/** Starts a master, two replicas and three Sentinels. They end with this process. */
export async function startSentinel(): Promise<RedisSentinel> {
  const name = 'sessions'
  const settings = ['--repl-diskless-sync-delay', '0']
  const master = await startRedis({ settings })
  const replicas = await inTurn(2, () =>
    startRedis({ settings: [...settings, '--replicaof', `127.0.0.1 ${master.port}`] }),
  )
  for (const { port } of replicas) {
    await until(port, ['INFO', 'replication'], /master_link_status:up/)
  }
  const sentinels = await inTurn(3, () => startOneSentinel(name, master.port))
  for (const { port } of sentinels) {
    await until(port, ['SENTINEL', 'MASTER', name], /num-slaves\n2\n[^]*num-other-sentinels\n2\n/)
  }
  const nodes = [master, ...replicas]
  return {
    name,
    sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    nodes,
    async stop() {
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()))
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

async function startOneSentinel(name: string, masterPort: number) {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 5000`,
  ]
  await writeFile(file, lines.join('\n'))
  const running = await launch([file, '--sentinel'], folder)
  return {
    port,
    async stop() {
      await running.end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Asks a server until its answer looks like that. */
async function until(port: number, command: readonly string[], pattern: RegExp): Promise<void> {
  const args = ['-p', `${port}`, ...command]
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const { stdout } = await promisify(execFile)('redis-cli', args)
    if (pattern.test(stdout.replaceAll('\r', ''))) return
  }
  throw new Error(`redis-cli ${args.join(' ')} never answered ${String(pattern)}`)
}

/** One after the other: a port is free until its server has it. */
async function inTurn<Server>(count: number, start: () => Promise<Server>): Promise<Server[]> {
  const servers: Server[] = []
  while (servers.length < count) servers.push(await start())
  return servers
}
