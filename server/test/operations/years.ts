import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { base64 } from '../rest/client.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** A house that lives for years, for a test file that asks it through the REST door. */

const DAY_MS = 86_400_000

export async function startYears() {
  const clock = new DrivenClock()
  const house = await startHouse({ clock })
  after(() => house.close())
  const first = restDoorOver(house).owner
  // The first token ends after 30 days; this one outlives the file.
  const { principal } = await first.call('whoami', {})
  const { token } = await first.call('token.create', { principal: principal.id, days: 366 })
  const inDays = (days: number) => new Date(clock.now() + days * DAY_MS).toISOString()
  return { clock, house, owner: first.as(token), inDays }
}

/** The same, and what tests of material from outside ask again and again. */
export async function startImports() {
  const years = await startYears()
  const { house, owner } = years
  const plaintext = base64('kept outside')
  /** A key that was made to wait for its material. */
  const waitingKey = async (algorithm = 'AES-256-GCM') =>
    (await owner.call('key.create', { algorithm, origin: 'imported' })).id
  return {
    ...years,
    plaintext,
    waitingKey,
    /** A key with imported material, which its importer still has. */
    importedKey: async (algorithm = 'AES-256-GCM', material = randomBytes(32)) => {
      const key = await waitingKey(algorithm)
      const input = { key, unsafePlaintext: base64(material) }
      const { materialId } = await owner.call('key.import', input)
      return { key, material, materialId, input }
    },
    versions: async (key: string) => (await owner.call('key.versions', { key })).items,
    encrypted: async (key: string) => (await owner.call('encrypt', { key, plaintext })).ciphertext,
    /** The material of each version as it is stored, wrapped. */
    stored: async (key: string): Promise<(Uint8Array | undefined)[]> =>
      ((await house.store.key(key))?.versions ?? []).map(({ material }) => material),
  }
}
