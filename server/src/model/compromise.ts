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

/** What took the place of a key: another, or a later version of its own. */
interface Replacement {
  readonly key: string
  readonly version: number
}

/** A multi-Region key that has its material in common with the key of a case, and ends with it. */
interface RelatedKey {
  readonly key: string
  readonly region: string
  readonly replacement: Replacement
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
  readonly replacement: Replacement
  readonly related?: readonly RelatedKey[]
  readonly aliases: readonly string[]
  /** The window of its destruction, in days, where that was ordered when the case was opened. */
  readonly destroyDays?: number
  readonly assessedAt?: number
  readonly uses: readonly PrincipalUse[]
  readonly usesMore?: true
  readonly runs: readonly string[]
  readonly rewrapsAt?: number
  readonly revokedAt?: number
  /** Why it was revoked, or closed, though something was left. */
  readonly revokedAnyway?: string
  readonly destroyAt?: number
  /** When the server looks whether it can go on; absent while others have something to do first. */
  readonly lookAt?: number
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

/** Every key of a case: the one it was opened for, and those related to it. */
export function keysOfCase({ key, related = [] }: CompromiseCase): readonly string[] {
  return [key, ...related.map((each) => each.key)]
}

/** What took the place of a key of a case. */
export function replacementIn({ replacement, related = [] }: CompromiseCase, key: string) {
  return related.find((each) => each.key === key)?.replacement ?? replacement
}

/** A case that the server looks at, at a time or later: what it waits for already stands. */
export function lookedAt(one: CompromiseCase, at: number): CompromiseCase {
  return { ...one, lookAt: Math.max(one.lookAt ?? at, at) }
}
