import { readRow } from '#access'
import { defaultSettings, type AccessSettings } from '#model'
import type { Work } from '../work.ts'

/** What holds in a tenant, where nothing else was set the defaults. */
export async function settingsOf({ parts }: Work, tenant: string): Promise<AccessSettings> {
  const row = await readRow<AccessSettings>(parts, 'settings', tenant)
  return { ...defaultSettings, ...row?.value, tenant }
}
