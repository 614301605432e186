import type { RecordDraft, Submission } from '#ledger'

function draft(subject: string): RecordDraft {
  return {
    event: 'test',
    outcome: 'ok',
    reason: undefined,
    tenant: undefined,
    principal: 'anonymous',
    credential: undefined,
    factors: undefined,
    binding: undefined,
    door: 'test',
    source: 'c',
    request: 'r',
    key: undefined,
    version: undefined,
    part: undefined,
    count: undefined,
    bytes: undefined,
    subject,
    detail: undefined,
  }
}

/** A submission of one record that says nothing but its subject. */
export function drafted(subject: string, change?: Submission['change']): Submission {
  return {
    records: () => [draft(subject)],
    counters: () => [],
    change,
    revision: 0,
    recheck: () => Promise.resolve(undefined),
  }
}
