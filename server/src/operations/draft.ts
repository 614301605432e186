import type { Caller } from '#access'
import type { RecordDraft } from '#ledger'
import type { Origin } from './parts.ts'

/** What one record says beside what every record of an operation shares. */
export type About = Partial<RecordDraft> & Pick<RecordDraft, 'outcome'>

interface Shared {
  readonly event: string
  /** A commitment to the address. */
  readonly source: string
  /** Absent where nobody was believed. */
  readonly caller: Caller | undefined
  readonly origin: Origin
  readonly binding: string | undefined
}

/** A record of an operation, before it has its place in the ledger. */
export function draftOf(
  { event, source, caller, origin, binding }: Shared,
  about: About,
): RecordDraft {
  return {
    event,
    outcome: about.outcome,
    reason: about.reason,
    tenant: caller?.tenant,
    principal: caller?.principal ?? 'anonymous',
    credential: caller?.credential,
    factors: caller?.factors,
    // What allowed other items of a batch, or half of what was asked, did not allow this.
    binding: about.outcome === 'denied' ? undefined : (about.binding ?? binding),
    door: origin.door,
    source,
    request: origin.request,
    key: about.key,
    version: about.version,
    part: about.part,
    count: about.count === 1 ? undefined : about.count,
    bytes: about.bytes,
    subject: about.subject,
    detail: about.detail,
  }
}
