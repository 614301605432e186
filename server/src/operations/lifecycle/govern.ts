import type { LifecycleRules } from '@claviger/contract'
import { findAlgorithm, newestRow } from '#keyring'
import {
  covering,
  datesCutTo,
  datesWithin,
  limitsWithin,
  PolicyViolated,
  rotationWithin,
  rulesFor,
  violationsOf,
  worsened,
  type Counters,
  type GovernedKey,
  type Key,
  type KeyVersion,
  type LifecyclePolicy,
  type Principal,
} from '#model'
import { holds } from '../until-recorded.ts'
import type { Work } from '../work.ts'

/**
 * Lifecycle policies where keys are made and changed. Each function decides by the policies as they stand, and again when something changed
 * before the record is written: what is ordered after a policy keeps to it. Encrypting, decrypting and signing never come here.
 */

/** A key with the versions that policies look at. */
export interface Subject {
  readonly key: Key
  readonly versions: readonly KeyVersion[]
}

type Dates = Parameters<typeof datesWithin>[3]

/** What the table of algorithms says of a key. */
export function strengthOf({ algorithm }: Pick<Key, 'algorithm'>): GovernedKey['strength'] {
  const { strength, keyBytes } = findAlgorithm(algorithm)
  return { ...strength, isSymmetric: keyBytes !== undefined }
}

/** A key as the policies that count for it look at it; its owner is looked up where one of them asks. */
export async function governed(
  work: Work,
  policies: readonly LifecyclePolicy[],
  { key, versions }: Subject,
): Promise<GovernedKey> {
  const counting = covering(policies, key)
  const asksForOwner = counting.some(({ rules }) => rules.owner !== undefined)
  const asksForCounters =
    key.origin === 'imported' && counting.some(({ rules }) => isCounted(rules.rotation))
  return {
    key,
    versions,
    strength: strengthOf(key),
    owner: asksForOwner ? await ownerOf(work, key) : undefined,
    now: work.now,
    ...(asksForCounters ? { counters: await countersOf(work, key) } : {}),
  }
}

function isCounted(rotation: LifecycleRules['rotation']): boolean {
  const { uses, bytes, wraps } = rotation ?? {}
  return (uses ?? bytes ?? wraps) !== undefined
}

/** What is durable: what the ring has counted may be from before. */
async function countersOf(work: Work, { id, version }: Key): Promise<Counters | undefined> {
  return (await work.parts.store.key(id))?.counters.get(version)
}

async function ownerOf(work: Work, { owner, tenant }: Key): Promise<Principal | undefined> {
  const row = await newestRow(work.parts.store, { kind: 'principal', id: owner })
  return row?.tenant === tenant ? work.parts.seals.open<Principal>(row) : undefined
}

/** Checks against the tenant's policies as they stand, until it is recorded. */
function holdsUnder(
  work: Work,
  check: (policies: readonly LifecyclePolicy[]) => void | Promise<void>,
): Promise<void> {
  return holds(work, async () => check(await work.parts.lifecycle.of(work.caller.tenant)))
}

function violated(
  policies: readonly LifecyclePolicy[],
  about: {
    readonly policy: string
    readonly rule: string
    readonly words: string
    readonly key?: string | undefined
  },
): PolicyViolated {
  const name = policies.find(({ id }) => id === about.policy)?.name ?? about.policy
  return new PolicyViolated(
    `The lifecycle policy '${name}' does not allow it: ${about.words} (rule ${about.rule})`,
    about,
  )
}

/**
 * A key that is to be made keeps to every policy that counts for it.
 *
 * @throws PolicyViolated
 */
export function assertMade(work: Work, made: Subject): Promise<void> {
  return holdsUnder(work, async (policies) => {
    const [broken] = violationsOf(policies, await governed(work, policies, made))
    if (broken !== undefined) throw violated(policies, broken)
  })
}

/**
 * A key that is to be changed breaks nothing that it did not break before, and nothing worse.
 *
 * @throws PolicyViolated
 */
export function assertChanged(work: Work, before: Subject, after: Subject): Promise<void> {
  return holdsUnder(work, async (policies) => {
    const [was, is] = [
      violationsOf(policies, await governed(work, policies, before)),
      violationsOf(policies, await governed(work, policies, after)),
    ]
    const [broken] = worsened(was, is)
    if (broken !== undefined) throw violated(policies, { ...broken, key: before.key.id })
  })
}

/** No key leaves where a policy forbids it, whatever it was made as. @throws PolicyViolated */
export function assertMayLeave(work: Work, key: Key): Promise<void> {
  return holdsUnder(work, (policies) => {
    const policy = covering(policies, key).find(({ rules }) => rules.export === 'forbidden')
    if (policy === undefined) return
    const words = 'no key may be exported'
    throw violated(policies, { policy: policy.id, rule: 'export', words, key: key.id })
  })
}

/** A destruction can be called off for as long as every policy asks. `days` is the window. @throws PolicyViolated */
export function assertWindow(work: Work, key: Key, days: number): Promise<void> {
  return holdsUnder(work, (policies) => {
    const policy = covering(policies, key).find(
      ({ rules: { destructionDaysMin = 0 } }) => destructionDaysMin > days,
    )
    if (policy === undefined) return
    const words = `the window is ${days} days, not ${policy.rules.destructionDaysMin} or more`
    throw violated(policies, { policy: policy.id, rule: 'destructionDaysMin', words, key: key.id })
  })
}

/** The window of a destruction that comes by itself, in days: what was ordered, or more where the policies ask for it now. */
export async function windowUnder(work: Work, key: Key, ordered: number): Promise<number> {
  const { rules } = await boundsOf(work, key)
  return Math.max(ordered, rules.destructionDaysMin ?? 0)
}

/** What the policies bound a key by, and the key as they look at it. */
async function boundsOf(work: Work, key: Key) {
  const rules = rulesFor(await work.parts.lifecycle.of(key.tenant), key)
  return { rules, governed: { key, strength: strengthOf(key) } }
}

/** The ends of a new version: those given, and where none are, the longest that the policies allow. */
export async function datesUnder(
  work: Work,
  key: Key,
  activatedAt: number,
  given: Dates,
): Promise<ReturnType<typeof datesWithin>> {
  const { rules, governed: about } = await boundsOf(work, key)
  return datesWithin(rules, about, activatedAt, given)
}

/** The ends of a version that comes by itself: those it would get, or sooner where the policies allow no more. */
export async function datesCut(
  work: Work,
  key: Key,
  activatedAt: number,
  wished: Dates,
): Promise<ReturnType<typeof datesCutTo>> {
  const { rules, governed: about } = await boundsOf(work, key)
  return datesCutTo(rules, about, activatedAt, wished)
}

/** A new key with the rotation and the limits that the policies ask for, where it has none of its own. */
export async function withAsked(work: Work, key: Key): Promise<Key> {
  const { rules, governed: about } = await boundsOf(work, key)
  const rotation = rotationWithin(rules, about, work.now)
  return {
    ...key,
    ...(rotation === undefined ? {} : { rotation }),
    ...limitsWithin(rules, key),
  }
}
