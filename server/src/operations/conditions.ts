import type { ConditionValues, Target } from '#access'
import type { Purpose } from '#model'
import { contextOf } from './encryption-context.ts'
import type { Situation } from './question.ts'

/**
 * The values of the condition keys that key policies may ask for, made of the operation's own input, so that a policy holds at every
 * door alike. Names are lower-case. What says who asks, the policy language knows itself.
 */

const CONTEXT = 'kms:encryptioncontext:'

/** Asked by lower-cased name; undefined where the request has no such value. */
export function conditionValues(
  situation: Situation,
  purpose: Purpose | undefined,
  _target: Target,
): ConditionValues {
  const context = contextOf(situation.subject, purpose)
  return (name) => {
    if (name.startsWith(CONTEXT)) {
      const wanted = name.slice(CONTEXT.length)
      const found = Object.entries(context).filter(([key]) => key.toLowerCase() === wanted)
      return found.length === 0 ? undefined : found.map(([, value]) => value)
    }
    return values[name]?.(situation, context)
  }
}

type Value = (
  situation: Situation,
  context: Readonly<Record<string, string>>,
) => readonly string[] | undefined

const values: Readonly<Record<string, Value>> = {
  'kms:encryptioncontextkeys': (_situation, context) => {
    const keys = Object.keys(context)
    return keys.length === 0 ? undefined : keys
  },
  'aws:sourceip': ({ origin }) => (origin.source === undefined ? undefined : [origin.source]),
  'aws:currenttime': ({ now }) => [new Date(now).toISOString()],
  'aws:epochtime': ({ now }) => [String(Math.floor(now / 1_000))],
}
