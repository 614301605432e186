import { operations, type OperationName } from '@claviger/contract'
import { digestOf } from '#access'
import type { RingKey } from '#keyring'
import type { Uses } from '#ledger'
import { canonicalJson, DAY_MS, KeyError, type Dependent, type Key, type KeyGrant } from '#model'
import { aliasesOf } from './aliases.ts'
import { rowsOfKey } from './rows-of-key.ts'
import { holds } from './until-recorded.ts'
import { withRelated } from './verbs/related.ts'
import type { Work } from './work.ts'

/**
 * What the end of a key would hit: what is declared to depend on it, who used it lately, the names and grants that lead to it, and the
 * keys that have their material in common with it.
 */

/** How long ago a use still counts as one that the end of the key would be missed by, in days. */
export const USED_LATELY_DAYS = 30
/** Events that use a key. */
export const useEvents: ReadonlySet<string> = new Set(
  (Object.keys(operations) as OperationName[]).filter((name) => operations[name].effect === 'use'),
)

export interface BlastRadius {
  readonly keys: readonly RingKey[]
  readonly dependents: readonly Dependent[]
  /** By key. */
  readonly uses: ReadonlyMap<string, Uses>
  readonly aliases: readonly { readonly key: string; readonly name: string }[]
  readonly grants: readonly KeyGrant[]
  /** SHA-256 (base64url) of what there is, without what changes with every use: what an acknowledgement names. */
  readonly digest: string
}

function lately(work: Work): number {
  return work.now - USED_LATELY_DAYS * DAY_MS
}

/** Every dependent that is declared for a key. */
async function dependentsOf(work: Work, key: string): Promise<readonly Dependent[]> {
  const rows = await rowsOfKey(work, 'dependent', key)
  return rows.map((row) => work.parts.seals.open<Dependent>(row))
}

/** The whole of it; uses are those since a time. */
export async function blastRadius(
  work: Work,
  ringKey: RingKey,
  since?: number,
): Promise<BlastRadius> {
  const keys = await withRelated(work, ringKey)
  const window = lately(work)
  const dependents: Dependent[] = []
  const aliases: { key: string; name: string }[] = []
  const grants: KeyGrant[] = []
  const uses = new Map<string, Uses>()
  const users = new Set<string>()
  const { ledgerReader, seals } = work.parts
  for (const {
    key: { id },
  } of keys) {
    dependents.push(...(await dependentsOf(work, id)))
    for (const name of await aliasesOf(work, id)) aliases.push({ key: id, name })
    grants.push(...(await rowsOfKey(work, 'grant', id)).map((row) => seals.open<KeyGrant>(row)))
    // What an acknowledgement is about does not depend on what was asked to be shown.
    const recent = await ledgerReader.uses({ key: id, events: useEvents, since: window })
    for (const { principal } of recent.uses) users.add(principal)
    uses.set(
      id,
      since === undefined || since === window
        ? recent
        : await ledgerReader.uses({ key: id, events: useEvents, since }),
    )
  }
  const digest = digestOf(
    canonicalJson({
      keys: keys.map(({ key }) => key.id).toSorted(),
      dependents: dependents.map(({ id }) => id).toSorted(),
      principals: [...users].toSorted(),
      aliases: aliases.map(({ name }) => name).toSorted(),
      grants: grants.map(({ id }) => id).toSorted(),
    }),
  )
  return { keys, dependents, uses, aliases, grants, digest }
}

/**
 * Whether the end of a key would be missed: something is declared to depend on it, or it was used lately. What was revoked does nothing
 * any more, so its destruction hits nobody who was not hit.
 */
export async function isMissed(work: Work, ringKey: RingKey): Promise<boolean> {
  if (ringKey.key.revocation !== undefined) return false
  const window = lately(work)
  const { store, ledgerReader } = work.parts
  for (const { key } of await withRelated(work, ringKey)) {
    if ((await dependentsOf(work, key.id)).length > 0) return true
    const counters = (await store.key(key.id))?.counters
    if (counters?.values().some(({ uses }) => uses > 0) !== true) continue
    const last = await ledgerReader.newest(key.id, useEvents)
    if (last !== undefined && last.at >= window) return true
  }
  return false
}

/**
 * Lets nobody end a key that would be missed without having seen what that hits, also where something comes to depend on it before that is
 * recorded. `acknowledge` is the digest of what was seen
 * (attacker-chosen, and only compared), or `all` for who wants to know nothing.
 *
 * @throws ClavigerError acknowledgement_required
 */
export function assertAcknowledged(
  work: Work,
  ringKey: RingKey,
  acknowledge: string | undefined,
): Promise<void> {
  if (acknowledge === 'all' || ringKey.key.revocation !== undefined) return Promise.resolve()
  return holds(work, () => assertSeen(work, ringKey, acknowledge))
}

/** @throws ClavigerError acknowledgement_required */
async function assertSeen(
  work: Work,
  ringKey: RingKey,
  acknowledge: string | undefined,
): Promise<void> {
  if (acknowledge === undefined) {
    if (!(await isMissed(work, ringKey))) return
    throw unacknowledged(
      ringKey.key,
      `Something depends on the key, or used it in the last ${USED_LATELY_DAYS} days. ` +
        "Look at 'key.dependents' and repeat this with its digest as 'acknowledge', or with 'all'",
    )
  }
  if ((await blastRadius(work, ringKey)).digest === acknowledge) return
  throw unacknowledged(
    ringKey.key,
    "What depends on the key is not what you saw: look at 'key.dependents' once more",
  )
}

function unacknowledged(key: Key, message: string): KeyError {
  return new KeyError('acknowledgement_required', message, { key })
}

/** For the record: what was acknowledged. */
export function acknowledged(acknowledge: string | undefined): Readonly<Record<string, string>> {
  return acknowledge === undefined ? {} : { acknowledged: acknowledge }
}
