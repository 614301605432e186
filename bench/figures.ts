import type { BenchOptions } from './options.ts'
import { residentMegabytes } from './proc.ts'
import { LoadGenerator, TemporaryFolder } from './processes.ts'
import {
  CONNECTIONS,
  createKey,
  median,
  message,
  percentile,
  rounded,
  warnOfFailures,
} from './rows.ts'
import { Server, withLoadedServer } from './server.ts'

/** The figures that are not operations per second. */

/** A figure, as the JSON has it: numbers by name, with units in the names. */
export type Figure = Readonly<Record<string, number | string>>

const READY_STARTS = 5

/** How long key.revoke takes while 64 connections encrypt under another key as fast as they can. */
export function measureRevoke(options: BenchOptions): Promise<Figure> {
  const revocations = options.quick ? 25 : 200
  return withLoadedServer(options, async (server, load) => {
    const busy = await createKey(server, 'AES-256-GCM')
    const victims: string[] = []
    for (let made = 0; made < revocations; made += 1) {
      const key = await createKey(server, 'AES-256-GCM')
      // A key in use: unwrapped and cached.
      await server.call(`/v1/keys/${key}/encrypt`, { plaintext: message() })
      victims.push(key)
    }
    // The load outlasts the revocations: it is sized by the slowest that would still pass.
    const underWay = load.run({
      port: server.port,
      connections: CONNECTIONS,
      warmupSeconds: 1,
      pids: server.pids,
      requests: [server.request(`/v1/keys/${busy}/encrypt`, { plaintext: message() })],
      seconds: 1 + revocations * 0.06,
    })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const times: number[] = []
    for (const key of victims) {
      const { milliseconds } = await server.call(`/v1/keys/${key}/revoke`, {
        reason: 'superseded',
        acknowledge: 'all',
      })
      times.push(milliseconds)
    }
    const result = await underWay
    warnOfFailures('revoke', result)
    return {
      revocations,
      p50_ms: rounded(percentile(times, 0.5)),
      p99_ms: rounded(percentile(times, 0.99)),
      encrypts_per_s_meanwhile: Math.round(result.answers / result.seconds),
    }
  })
}

/** From exec to the first answer of /v1/ready with 200: in memory, and with an existing store and its passphrase. */
export async function measureReady(options: BenchOptions): Promise<Figure> {
  using folder = new TemporaryFolder(options.folder)
  const inMemory: number[] = []
  const withStore: number[] = []
  const data = `${folder.path}/data`
  for (let start = 0; start <= READY_STARTS; start += 1) {
    await using memory = await Server.start({ folder: folder.path, pinning: 'none' })
    await using stored = await Server.start({ folder: folder.path, data, pinning: 'none' })
    // The first start warms the page cache and makes the store.
    if (start === 0) continue
    inMemory.push(memory.readyMs)
    withStore.push(stored.readyMs)
  }
  return {
    starts: READY_STARTS,
    ready_ms: rounded(median(inMemory)),
    ready_with_store_ms: rounded(median(withStore)),
  }
}

/** What is resident after many encrypts. */
export function measureMemory(options: BenchOptions): Promise<Figure> {
  const encrypts = options.quick ? 100_000 : 1_000_000
  return withLoadedServer(options, async (server, load) => {
    const key = await createKey(server, 'AES-256-GCM')
    const before = residentMegabytes(server.pids)
    const result = await load.run({
      port: server.port,
      connections: CONNECTIONS,
      warmupSeconds: 0,
      pids: server.pids,
      requests: Array.from({ length: 64 }, () =>
        server.request(`/v1/keys/${key}/encrypt`, { plaintext: message() }),
      ),
      count: encrypts,
    })
    warnOfFailures('memory', result)
    const after = residentMegabytes(server.pids)
    return {
      encrypts,
      resident_before_mb: Math.round(before.now),
      resident_mb: Math.round(after.now),
      peak_mb: Math.round(after.peak),
    }
  })
}

/** Whether a large store opens as fast as a small one. */
export async function measureOpenStore(options: BenchOptions): Promise<Figure> {
  const many = options.quick ? 2_000 : 100_000
  const few = 100
  using small = new TemporaryFolder(options.folder)
  using large = new TemporaryFolder(options.folder)
  const stores = [
    { folder: small.path, keys: few, times: [] as number[] },
    { folder: large.path, keys: many, times: [] as number[] },
  ]
  for (const { folder, keys } of stores) await fillStore(folder, keys)
  for (let start = 0; start < READY_STARTS; start += 1) {
    for (const { folder, times } of stores) {
      await using server = await Server.start({ folder, data: `${folder}/data`, pinning: 'none' })
      times.push(server.readyMs)
    }
  }
  const [fewTimes = [], manyTimes = []] = stores.map(({ times }) => times)
  return {
    keys_few: few,
    ready_few_ms: rounded(median(fewTimes)),
    keys_many: many,
    ready_many_ms: rounded(median(manyTimes)),
    difference: rounded(median(manyTimes) / median(fewTimes)),
  }
}

/** Makes a store with so many keys, through the server's own door, so that every row is sealed and in the ledger. */
async function fillStore(folder: string, keys: number): Promise<void> {
  await using server = await Server.start({ folder, data: `${folder}/data`, pinning: 'none' })
  await using load = new LoadGenerator()
  const result = await load.run({
    port: server.port,
    connections: CONNECTIONS,
    warmupSeconds: 0,
    pids: server.pids,
    requests: [server.request('/v1/keys', { algorithm: 'AES-256-GCM' })],
    count: keys,
  })
  warnOfFailures('open-store', result)
}
