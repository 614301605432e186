/** Encryption context that a grant asks for (AWS KMS API reference, GrantConstraints). */
export interface ContextConstraint {
  /** The context is exactly this. */
  readonly equals?: Readonly<Record<string, string>> | undefined
  /** The context has these pairs, and perhaps others. */
  readonly subset?: Readonly<Record<string, string>> | undefined
}

/**
 * Whether an encryption context is as a grant wants it; both constraints hold where both are there. As AWS says, the case of names does
 * not count here and the case of values does; a context that spells one name in two cases has two pairs, and each counts.
 */
export function matchesContext(
  constraint: ContextConstraint,
  context: Readonly<Record<string, string>>,
): boolean {
  const given = pairsOf(context)
  if (constraint.subset !== undefined && !contains(given, pairsOf(constraint.subset))) return false
  if (constraint.equals === undefined) return true
  const wanted = pairsOf(constraint.equals)
  return contains(given, wanted) && contains(wanted, given)
}

/** How often each pair is there. */
function pairsOf(record: Readonly<Record<string, string>>): Map<string, number> {
  const pairs = new Map<string, number>()
  for (const [name, value] of Object.entries(record)) {
    const pair = JSON.stringify([name.toLowerCase(), value])
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  return pairs
}

function contains(given: Map<string, number>, wanted: Map<string, number>): boolean {
  return wanted.entries().every(([pair, times]) => (given.get(pair) ?? 0) >= times)
}
