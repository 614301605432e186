import { KeyPolicy, type Caller, type Target } from '#access'
import type { RingKey } from '#keyring'
import type { Key } from '#model'

/** What keys look like to the access rules. */

/** One object per ring entry, so that decisions can be remembered by it. */
const targets = new WeakMap<RingKey, Target>()

/** A key in the ring, as the access rules see it. */
export function target(
  ringKey: RingKey,
  caller: Pick<Caller, 'account'>,
  origin: { readonly region?: string },
): Target {
  let known = targets.get(ringKey)
  if (known === undefined) {
    const { id, labels, policy } = ringKey.key
    known =
      policy === undefined
        ? { key: id, labels }
        : {
            key: id,
            labels,
            policy: KeyPolicy.parse(policy),
            arn: () => keyArn(ringKey.key, caller.account, origin.region),
          }
    targets.set(ringKey, known)
  }
  return known
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
