import type { RingKey } from '#keyring'
import { listedTarget } from './target.ts'
import type { Work } from './work.ts'

/** Whether the caller may see a key in a list: as roles alone see it. */
export async function mayList(work: Work, ringKey: RingKey): Promise<boolean> {
  if (work.identity.asksForAliases) await work.seeAliases(ringKey.key.id)
  return work.may(listedTarget(ringKey)) !== undefined
}
