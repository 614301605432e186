import { newestRow } from '#keyring'
import { defaultSettings, type AccessSettings } from '#model'
import type { RowStanding } from '#store'
import type { Work } from './work.ts'

/** What holds in a tenant, where nothing else was set the defaults, with the condition that it still holds. */
export async function readSettings(
  { parts }: Work,
  tenant: string,
): Promise<{ readonly value: AccessSettings; readonly standing: readonly RowStanding[] }> {
  const row = await newestRow(parts.store, { kind: 'settings', id: tenant })
  if (row === undefined) return { value: { ...defaultSettings, tenant }, standing: [] }
  return {
    value: { ...defaultSettings, ...parts.seals.open<AccessSettings>(row), tenant },
    standing: [{ kind: 'settings', id: tenant, revision: row.revision }],
  }
}
