import { findAlgorithm, generateMaterial, newId, type RingKey } from '#keyring'
import {
  ClavigerError,
  keyRefusal,
  KeyError,
  strictest,
  type Containment,
  type Key,
  type KeyVersion,
  type Rotation,
} from '#model'
import { keyRow, standing, versionRow } from '../../rows.ts'
import type { Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { draftKey, planKey } from '../create-key.ts'
import { planVersion } from '../next-version.ts'
import { inherited } from './inherited.ts'

/** What takes the place of a compromised key, or of one version of it, in the same change that takes it out of use. */

export interface Successor extends Pick<Plan<unknown>, 'rows' | 'unchanged' | 'absent'> {
  readonly replacement: { readonly key: string; readonly version: number }
  readonly aliases: readonly string[]
}

function material(work: Work, { key }: RingKey): Promise<Buffer> {
  return work.once(
    'material',
    () => generateMaterial(findAlgorithm(key.algorithm)),
    (bytes) => bytes.fill(0),
  )
}

/** The key that was named, where it can do the same. @throws ClavigerError wrong_state, wrong_usage */
function named(work: Work, reference: string, { key: old }: RingKey): Key {
  const found = work.found(reference)
  if (found === undefined || found.key.tenant !== old.tenant)
    throw new ClavigerError('not_found', 'There is no key of the id or alias given as replacement')
  const { key } = found
  const refused = keyRefusal(key)
  if (refused !== undefined)
    throw new KeyError('wrong_state', `It cannot replace the key: ${refused.reason}`, { key })
  if (key.id === old.id || key.usage !== old.usage)
    throw new KeyError('wrong_usage', 'A replacement is another key of the same usage', { key })
  return key
}

/** The old key's rotation, as soon as lifecycle policies ask of a key that is made now. */
function rotationLike(old: Rotation, { rotation: asked }: Key, now: number): Rotation {
  const { raised: _, ...rest } = old
  const { rotation: soonest } = strictest([
    { rotation: old.triggers },
    { rotation: asked?.triggers ?? {} },
  ])
  return { ...rest, triggers: { ...old.triggers, ...soonest }, since: now }
}

/** A key like the compromised one, made now: everything that was said of it, but its dates, which were its own. */
async function madeLike(work: Work, ringKey: RingKey) {
  const { key: old } = ringKey
  if (old.origin !== 'generated') {
    const message = 'The key was imported; import another and name it as the replacement'
    throw new KeyError('wrong_usage', message, { key: old })
  }
  const id = await work.once('id', () => Promise.resolve(newId()))
  const { algorithm, usage, exportable, description, labels, owner, region } = old
  const like = {
    algorithm,
    usage,
    exportable,
    description,
    labels: { ...labels },
    owner,
    region,
  }
  const draft = await draftKey(work, like, { id, origin: 'generated', awaits: false })
  const plan = planKey(work, draft, undefined, await material(work, ringKey))
  const rows = plan.rows.map((row) => {
    if (row.kind !== 'key') return row
    const key = row.value as Key
    const rest = {
      ...key,
      ...(old.policy === undefined ? {} : { policy: old.policy }),
      ...(old.rotation === undefined
        ? {}
        : { rotation: rotationLike(old.rotation, key, work.now) }),
    }
    return keyRow(rest, draft.version)
  })
  return { id, rows, absent: plan.absent ?? [] }
}

/** Another key takes its place, with its names and everything that was allowed; the old one is contained. */
export async function replaceKey(
  work: Work,
  ringKey: RingKey,
  containment: Containment,
  reference: string | undefined,
): Promise<Successor> {
  const { key: old } = ringKey
  const made = reference === undefined ? await madeLike(work, ringKey) : undefined
  const other = reference === undefined ? undefined : named(work, reference, ringKey)
  const key = made?.id ?? other?.id ?? ''
  const taken = await inherited(work, ringKey, key, containment)
  const contained: Key = { ...old, state: 'deactivated', containment, replacedBy: key }
  return {
    rows: [keyRow(contained, ringKey.current), ...(made?.rows ?? []), ...taken.rows],
    absent: made?.absent ?? [],
    unchanged: [...standing(ringKey), ...taken.unchanged],
    replacement: { key, version: other?.version ?? 1 },
    aliases: taken.aliases,
  }
}

/** A new version takes the place of the one that protects now; an older one that is compromised was replaced already. */
export async function replaceVersion(
  work: Work,
  ringKey: RingKey,
  containment: Containment,
  number: number,
): Promise<Successor> {
  const { key } = ringKey
  const old = ringKey.version(number)
  const contained = (version: KeyVersion): KeyVersion => ({ ...version, containment })
  if (number !== key.version) {
    return {
      rows: [
        keyRow(key, ringKey.current),
        versionRow(key, contained(old), ringKey.wrappedMaterial(number)),
      ],
      unchanged: standing(ringKey, [number]),
      replacement: { key: key.id, version: key.version },
      aliases: [],
    }
  }
  const fresh = await material(work, ringKey)
  const plan = await planVersion(work, ringKey, { material: fresh, dates: {}, rotatedBy: 'demand' })
  const rows = plan.rows.map((row) => {
    const value = row.value as KeyVersion
    if (row.kind !== 'version' || value.version !== number) return row
    return versionRow(key, contained(value), ringKey.wrappedMaterial(number))
  })
  return {
    rows,
    unchanged: plan.unchanged ?? [],
    replacement: { key: key.id, version: plan.version ?? number + 1 },
    aliases: [],
  }
}
