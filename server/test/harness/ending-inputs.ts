import type { TestHouse } from './house.ts'
import type { Inputs } from './inputs.ts'

/** Inputs of what ends keys and versions, and of what comes before: re-wrapping and compromises. */

type Ending =
  | Extract<keyof Inputs, `rewrap.${string}` | `compromise.${string}`>
  | 'key.destroyVersion'
  | 'key.restoreVersion'
  | 'key.destructionCertificate'

const page = { limit: 10 }
const counts = { done: 2, already: 1, failed: 0 }

export function endingInputs(house: TestHouse, keyOf: () => Promise<string>): Pick<Inputs, Ending> {
  const rotated = async () => {
    const key = await keyOf()
    await house.perform('key.rotate', { key })
    return { key, version: 1 }
  }
  /** Destroyed as the job does it, by a window that ended at once. */
  const destroyedKey = async () => {
    const key = await keyOf()
    await house.perform('key.destroy', { key, days: -1 })
    await house.house.gate.performAsSystem('key.erase', house.house.custody.tenant, { key })
    return key
  }
  const compromised = (key: string) => ({ key, since: 0, reason: 'a test', hours: 1 })
  const opened = async () => (await house.perform('compromise.open', compromised(await keyOf()))).id
  const revoked = async () => {
    const id = await opened()
    await house.perform('compromise.revoke', { case: id })
    return id
  }
  const rewrapping = async () =>
    (await house.perform('rewrap.start', { key: await keyOf(), source: 'a folder' })).id
  return {
    'key.destroyVersion': async () => ({ ...(await rotated()), days: 7 }),
    'key.restoreVersion': async () => {
      const old = await rotated()
      await house.perform('key.destroyVersion', { ...old, days: 7 })
      return old
    },
    'key.destructionCertificate': async () => ({ key: await destroyedKey() }),
    'rewrap.start': async () => ({ key: await keyOf(), source: 'a folder' }),
    'rewrap.report': async () => ({ run: await rewrapping(), ...counts }),
    'rewrap.finish': async () => ({ run: await rewrapping(), ...counts }),
    'rewrap.get': async () => ({ run: await rewrapping() }),
    'rewrap.list': async () => page,
    'compromise.open': async () => compromised(await keyOf()),
    'compromise.assess': async () => ({ case: await opened() }),
    'compromise.rewrap': async () => ({ case: await opened() }),
    'compromise.revoke': async () => ({ case: await opened() }),
    'compromise.destroy': async () => ({ case: await revoked(), days: 7 }),
    'compromise.close': async () => ({ case: await revoked(), anyway: 'a test' }),
    'compromise.get': async () => ({ case: await opened() }),
    'compromise.list': async () => page,
    'compromise.report': async () => {
      const id = await revoked()
      await house.perform('compromise.close', { case: id, anyway: 'a test' })
      return { case: id }
    },
  }
}
