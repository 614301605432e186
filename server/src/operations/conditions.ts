import { principalArn, type ConditionValues } from '#access'
import type { Purpose } from '#model'
import { contextOf } from './encryption-context.ts'
import type { Work } from './work.ts'

/**
 * The values of the condition keys that key policies may ask for, made of the operation's own input, so that a policy holds at every
 * door alike. Names are lower-case.
 */

const CONTEXT = 'kms:encryptioncontext:'

/** Asked by lower-cased name; undefined where the request has no such value. */
export function conditionValues(work: Work, purpose: Purpose | undefined): ConditionValues {
  const context = contextOf(work.subject, purpose)
  return (name) => {
    if (name.startsWith(CONTEXT)) {
      const wanted = name.slice(CONTEXT.length)
      const found = Object.entries(context).find(([key]) => key.toLowerCase() === wanted)
      return found === undefined ? undefined : [found[1]]
    }
    return values[name]?.(work, context)
  }
}

type Value = (
  work: Work,
  context: Readonly<Record<string, string>>,
) => readonly string[] | undefined

const values: Readonly<Record<string, Value>> = {
  'kms:encryptioncontextkeys': (_work, context) => {
    const keys = Object.keys(context)
    return keys.length === 0 ? undefined : keys
  },
  'kms:calleraccount': ({ caller }) => [caller.account],
  'aws:principalaccount': ({ caller }) => [caller.account],
  'aws:principalarn': ({ caller }) => [principalArn(caller)],
  'aws:sourceip': ({ origin }) => [origin.source],
  'aws:currenttime': ({ parts }) => [new Date(parts.clock.now()).toISOString()],
  'aws:epochtime': ({ parts }) => [String(Math.floor(parts.clock.now() / 1_000))],
}
