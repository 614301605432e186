/** Compromises of keys, as they are stored. Dates are milliseconds since 1970. */

/**
 * What is left of a compromised key while what it protected is re-wrapped: it decrypts, for the principals named, until the date, and does
 * nothing else. SP 800-57 part 1 section 7.5 lets a compromised key process what is protected already, under controlled conditions only;
 * these are the conditions (docs/decisions/0007-compromise.md).
 */
export interface Containment {
  readonly case: string
  readonly until: number
  readonly principals: readonly string[]
}

/** Who used the key, and how often. */
export interface PrincipalUse {
  readonly principal: string
  readonly uses: number
  readonly refused: number
  readonly operations: Readonly<Record<string, number>>
  readonly first: number
  readonly last: number
}

/** One compromise, from the moment it is known to the report. */
export interface CompromiseCase {
  readonly id: string
  readonly tenant: string
  readonly key: string
  readonly version?: number
  readonly reason: string
  readonly since: number
  readonly openedAt: number
  readonly openedBy: string
  readonly decryptsUntil: number
  readonly principals: readonly string[]
  readonly replacement: { readonly key: string; readonly version: number }
  readonly aliases: readonly string[]
  readonly assessedAt?: number
  readonly uses: readonly PrincipalUse[]
  readonly usesMore?: true
  readonly runs: readonly string[]
  readonly rewrapsAt?: number
  readonly revokedAt?: number
  /** Why it was revoked, or closed, though something was left. */
  readonly revokedAnyway?: string
  readonly destroyAt?: number
  readonly closedAt?: number
  readonly closedBy?: string
  readonly closedAnyway?: string
  /** The document whose digest stands in the record of the closing. */
  readonly report?: string
}

/** Whether a principal may still decrypt under a containment. */
export function mayStillProcess(
  { until, principals }: Containment,
  principal: string,
  now: number,
): boolean {
  return now < until && principals.includes(principal)
}
