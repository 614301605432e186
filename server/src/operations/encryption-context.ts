import type { Purpose } from '#model'

/** The encryption context of an input; of a re-encryption, that of the side in question. */
export function contextOf(
  subject: Readonly<Record<string, unknown>>,
  purpose: Purpose | undefined,
): Readonly<Record<string, string>> {
  const { context, newContext } = subject as {
    readonly context?: Readonly<Record<string, string>>
    readonly newContext?: Readonly<Record<string, string>>
  }
  return (purpose === 'apply' ? (newContext ?? context) : context) ?? {}
}
