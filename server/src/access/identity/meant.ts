import type { Trust } from '#model'
import { ANY_RUN, Pattern } from '../policy/patterns.ts'
import type { IdentityClaims } from './token.ts'

/** Whom a trust means: the subject and the claims that it asks for. */

/** Whether a trust is in those whom a provider says these claims of. The claims are the issuer's, and in part its users'. */
export function isMeant(
  { by, claims }: Trust,
  provider: string,
  { subject, all }: IdentityClaims,
): boolean {
  if (by.kind !== 'identity' || by.provider !== provider || !matches(by.subject, subject))
    return false
  return Object.entries(claims ?? {}).every(
    ([name, pattern]) => Object.hasOwn(all, name) && says(all[name], pattern),
  )
}

/** A claim, or one of its members: text, a number or a truth value. What is nested deeper says nothing. */
function says(claim: unknown, pattern: string): boolean {
  const members: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
  return members.some(
    (one) =>
      (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean') &&
      matches(pattern, String(one)),
  )
}

/** Whether a text is one that a pattern means: `*` stands for anything, and nothing else for anything but itself. */
function matches(pattern: string, text: string): boolean {
  const tokens = Array.from({ length: pattern.length }, (_, at) =>
    pattern[at] === '*' ? ANY_RUN : pattern.charCodeAt(at),
  )
  return Pattern.of(tokens)?.matches(text) ?? false
}
