import type { OutputOf } from '@claviger/contract'
import { findAlgorithm, generateMaterial } from '#keyring'
import type { RingKey } from '#keyring'
import { ClavigerError, type Key, type KeyVersion } from '#model'
import { aliasesOf } from '../aliases.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import type { ChangeVerb, Plan } from '../verb.ts'
import { keyView } from '../views.ts'
import type { Work } from '../work.ts'
import { newVersion } from './create-key.ts'

/** Only a key in force gets a new version. */
export function assertRotatable(key: Key): void {
  if (key.destroyAt !== undefined)
    throw new ClavigerError('wrong_state', 'The key is scheduled for destruction; restore it first')
  if (key.revocation !== undefined)
    throw new ClavigerError('wrong_state', 'The key is revoked; make a new key')
  if (key.state !== 'active')
    throw new ClavigerError(
      'wrong_state',
      `The key is ${key.state}; only an active key gets a new version`,
    )
}

/** The plan that adds a version and retires the one before to processing only (SP 800-57 part 1 section 7.4). */
export async function planVersion(
  work: Work,
  ringKey: RingKey,
  material: Uint8Array,
  dates: {
    readonly protectStopAt?: number | undefined
    readonly processStopAt?: number | undefined
  },
): Promise<Plan<OutputOf<'key.get'>>> {
  const now = work.parts.clock.now()
  const key: Key = { ...ringKey.key, version: ringKey.key.version + 1 }
  const version = newVersion(key.id, key.version, now, dates)
  const before = ringKey.current
  const retired: KeyVersion[] =
    before.state === 'active' || before.state === 'pre-activation'
      ? [{ ...before, state: 'deactivated' }]
      : []
  return {
    additive: false,
    rows: [
      keyRow(key),
      versionRow(key, version, work.parts.ring.wrapVersion(key, version.version, material)),
      ...retired.map((old) => versionRow(key, old, ringKey.wrappedMaterial(old.version))),
    ],
    unchanged: standing(
      ringKey,
      retired.map((old) => old.version),
    ),
    key: key.id,
    version: version.version,
    output: keyView(key, version, await aliasesOf(work, key.id), now),
  }
}

export const rotateKey: ChangeVerb<'key.rotate'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    assertRotatable(ringKey.key)
    if (ringKey.key.origin === 'imported') {
      throw new ClavigerError(
        'wrong_state',
        'The key is imported; give it a new version with key import',
      )
    }
    const algorithm = findAlgorithm(ringKey.key.algorithm)
    newVersion(ringKey.key.id, 1, work.parts.clock.now(), input)
    const material = await work.once(
      'material',
      () => generateMaterial(algorithm),
      (bytes) => bytes.fill(0),
    )
    return planVersion(work, ringKey, material, input)
  },
}
