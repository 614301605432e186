import { after } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'

/** A house for a test file about multi-Region keys, and what such tests ask again and again. */

export const [here, there, elsewhere] = ['eu-central-1', 'us-east-1', 'ap-south-1'] as const
export const plaintext = Buffer.from('plaintext')
const DAY_MS = 86_400_000

export async function startRelatives() {
  const clock = new DrivenClock()
  const house = await startHouse({ clock })
  after(() => house.close())
  const get = (key: string) => house.perform('key.get', { key })
  /** Lets days pass, and what is due be destroyed: replicas in the first round, and primary keys in the second. */
  const pass = async (days: number) => {
    clock.advance(days * DAY_MS)
    await house.renewToken()
    for (let round = 0; round < 2; round += 1) await house.runJob('destruction')
  }
  return {
    house,
    clock,
    get,
    pass,
    /** A primary key `here`, and a replica in each of the regions. */
    family: async (regions: readonly string[], input: Partial<InputOf<'key.create'>> = {}) => {
      const primary = await house.createKey({ region: here, multiRegion: true, ...input })
      const replicas: string[] = []
      for (const region of regions)
        replicas.push((await house.perform('key.replicate', { key: primary.id, region })).id)
      return { primary: primary.id, replicas }
    },
    membersOf: async (key: string) =>
      (await get(key)).multiRegion?.members.map((member) => member.key),
    encrypt: async (key: string) => (await house.perform('encrypt', { key, plaintext })).ciphertext,
    destroy: async (key: string) => {
      await house.perform('key.destroy', { key, days: 1, acknowledge: 'all' })
      await pass(1)
    },
  }
}
