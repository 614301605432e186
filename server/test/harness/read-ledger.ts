import { parseRecord, entryBundlesOf, formatTilePath, parseBundle } from '@claviger/contract/ledger'
import { createClient } from '../../../sdk/src/index.ts'
import {
  serverSource,
  verifyLedger,
  type LedgerReport,
  type LedgerSource,
} from '../../../sdk/src/ledger/index.ts'
import type { Entry, TestHouse } from './house.ts'
import { pause, type ServerProcess } from './server-process.ts'

/** The ledger as somebody outside reads it. */

interface Head {
  readonly entries: number
  readonly size: number
}

/** Waits until a checkpoint covers everything that is durable, and gives the size. Nobody else may be at work. */
async function settledSize(server: ServerProcess): Promise<number> {
  for (;;) {
    const { entries, size } = await server.call<Head>('GET', '/v1/ledger')
    if (entries === size) return size
    await pause(100)
  }
}

/** Every entry, by its tiles. */
export async function readLedger(server: ServerProcess): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const bundle of entryBundlesOf(await settledSize(server))) {
    const { status, body } = await server.request('GET', `/v1/ledger/${formatTilePath(bundle)}`)
    if (status !== 200) throw new Error(`${formatTilePath(bundle)}: ${status}`)
    for (const bytes of parseBundle(body, bundle.width)) {
      entries.push({ index: entries.length, ...parseRecord(bytes) })
    }
  }
  return entries
}

/** The independent verifier over the server's own routes. */
export async function verifyServer(
  server: ServerProcess,
  earlier: readonly string[] = [],
): Promise<LedgerReport> {
  await settledSize(server)
  const client = createClient({ address: server.address, token: server.token })
  return verifyLedger(serverSource(client), { earlier })
}

/** The ledger of a house in this process, with a checkpoint signed now. */
export async function verifyHouse(
  house: TestHouse,
  options: { readonly earlier?: readonly string[]; readonly vkeys?: readonly string[] } = {},
): Promise<LedgerReport> {
  await house.runJob('checkpoints')
  const unlessAbsent = async (read: () => Promise<Uint8Array>) => {
    try {
      return await read()
    } catch (error) {
      if ((error as { code?: string }).code === 'not_found') return undefined
      throw error
    }
  }
  const source: LedgerSource = {
    name: 'house',
    checkpoint: () => unlessAbsent(async () => (await house.perform('ledger.checkpoint', {})).body),
    tile: (path) =>
      unlessAbsent(
        async () => (await house.perform('ledger.tile', { path: path.slice('tile/'.length) })).body,
      ),
    vkeys: async () => (await house.perform('ledger.head', {})).keys,
  }
  return verifyLedger(source, options)
}
