import { ClavigerError, type KeyVersion } from '#model'

/** Versions as they begin, and the order of the dates they live by. */

interface Dates {
  readonly activateAt?: number | undefined
  readonly protectStopAt?: number | undefined
  readonly processStopAt?: number | undefined
}

/** The first or next version of a key, as it stands when it is made. */
export function newVersion(key: string, version: number, now: number, dates: Dates): KeyVersion {
  const activatedAt = dates.activateAt ?? now
  assertOrder(activatedAt, dates)
  return {
    key,
    version,
    state: activatedAt > now ? 'pre-activation' : 'active',
    createdAt: now,
    activatedAt,
    ...(dates.protectStopAt === undefined ? {} : { protectStopAt: dates.protectStopAt }),
    ...(dates.processStopAt === undefined ? {} : { processStopAt: dates.processStopAt }),
  }
}

/** SP 800-57 part 1 section 5.3.5: the recipient-usage period does not end before the originator-usage period. */
export function assertOrder(activatedAt: number, dates: Dates): void {
  const { protectStopAt, processStopAt } = dates
  if (protectStopAt !== undefined && protectStopAt <= activatedAt) {
    throw new ClavigerError('invalid_request', 'protectStopAt must be after the activation', {
      field: 'protectStopAt',
    })
  }
  if (processStopAt !== undefined && processStopAt < (protectStopAt ?? activatedAt + 1)) {
    throw new ClavigerError(
      'invalid_request',
      'processStopAt must not be before protectStopAt or the activation',
      {
        field: 'processStopAt',
      },
    )
  }
}
