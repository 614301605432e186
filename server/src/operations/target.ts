import { KeyPolicy, type Caller, type Target } from '#access'
import type { RingKey } from '#keyring'
import type { Key } from '#model'

/** What keys look like to the access rules. */

interface Known {
  /** From where the target is seen: its ARN says so. */
  readonly account: string
  readonly region: string | undefined
  readonly target: Target
}

/** One object per ring entry, so that decisions can be remembered by it. */
const targets = new WeakMap<RingKey, Known>()

/** A key in the ring, as the access rules see it. */
export function target(
  ringKey: RingKey,
  { account }: Pick<Caller, 'account'>,
  { region }: { readonly region?: string },
): Target {
  const known = targets.get(ringKey)
  if (
    known !== undefined &&
    (known.target.policy === undefined || (known.account === account && known.region === region))
  ) {
    return known.target
  }
  const { key } = ringKey
  const made: Target =
    key.policy === undefined
      ? { key: key.id, labels: key.labels, algorithm: key.algorithm }
      : policed(key, policyOf(ringKey).policy, account, region)
  targets.set(ringKey, { account, region, target: made })
  return made
}

/** A key in the ring with the labels that it is to get. */
export function relabelled(on: Target, labels: Target['labels']): Target {
  return { ...on, labels, relabelled: true }
}

/** A target of before as it is now, with the labels that the key is to get where it was about those. */
export function renewed(before: Target, now: Target): Target {
  return before.relabelled === true ? relabelled(now, before.labels) : now
}

/** A key under a policy, be it the one it has or one that it may get. */
export function policed(
  key: Key,
  policy: KeyPolicy,
  account: string,
  region: string | undefined,
): Target {
  const { id, labels, algorithm } = key
  return { key: id, labels, algorithm, about: key, policy, arn: () => keyArn(key, account, region) }
}

/** A key as roles alone see it: key policies say nothing of who may list it (AWS KMS API reference, ListKeys). */
export function listedTarget({ key }: RingKey): Target {
  return { key: key.id, labels: key.labels, algorithm: key.algorithm }
}

interface Read {
  readonly policy: KeyPolicy
  /** Whether it asks for the names of the key. */
  readonly asksForAliases: boolean
}

const policies = new WeakMap<RingKey, Read>()

function policyOf(ringKey: RingKey): Read {
  let read = policies.get(ringKey)
  if (read === undefined) {
    const text = ringKey.key.policy ?? ''
    // Spelled in one way, since JSON can hide a name in escapes.
    const spelled = JSON.stringify(JSON.parse(text)).toLowerCase()
    read = {
      policy: KeyPolicy.parse(text),
      asksForAliases: spelled.includes('kms:resourcealiases'),
    }
    policies.set(ringKey, read)
  }
  return read
}

/** Whether the key's policy asks for the key's names, which are to be looked up first. */
export function asksForAliases(ringKey: RingKey): boolean {
  return ringKey.key.policy !== undefined && policyOf(ringKey).asksForAliases
}

/** Where a key without a region is said to be, where nobody says from where they look. */
const NO_REGION = 'local'

/** The id AWS clients know a key by. */
export function kmsKeyId({ id, multiRegion }: Pick<Key, 'id' | 'multiRegion'>): string {
  return multiRegion === undefined ? id : `mrk-${multiRegion.id.replaceAll('-', '')}`
}

/** The ARN of a key, as a door of a region says it. */
export function keyArn(
  key: Pick<Key, 'id' | 'multiRegion' | 'region'>,
  account: string,
  region: string | undefined,
): string {
  return `arn:aws:kms:${key.region ?? region ?? NO_REGION}:${account}:key/${kmsKeyId(key)}`
}
