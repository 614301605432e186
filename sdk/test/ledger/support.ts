import type { LogFiles } from '../../../contract/test/ledger/log.ts'
import type { LedgerSource } from '../../src/ledger/index.ts'

/** A source over files in memory. */
export function memorySource(files: LogFiles, vkeys?: readonly string[]): LedgerSource {
  return {
    name: 'memory',
    checkpoint: async () => files.get('checkpoint'),
    tile: async (path) => files.get(path),
    vkeys: async () => vkeys,
  }
}
