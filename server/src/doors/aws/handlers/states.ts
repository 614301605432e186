import { KeyError, keyRefusal, type ClavigerError } from '#model'
import { AwsException } from '../exceptions.ts'
import { notPendingDeletion } from '../failures.ts'
import { handler } from './handler.ts'
import { assertNotPendingDeletion, stateOf } from './metadata.ts'

/** EnableKey, DisableKey, and deletion. Management takes no aliases. */

const WINDOW_DAYS_MIN = 7
const WINDOW_DAYS_MAX = 30

/** Twice the same is once, for AWS. */
function already(error: ClavigerError, wanted: 'suspended' | undefined) {
  return error instanceof KeyError &&
    error.code === 'wrong_state' &&
    error.hindrance === wanted &&
    keyRefusal(error.key)?.hindrance === wanted
    ? { output: undefined }
    : undefined
}

export const disableKey = handler<'DisableKey', 'key.suspend'>({
  native: 'key.suspend',
  input: (input, asking) => ({ key: asking.reference(input.KeyId, 'no aliases') }),
  examine: assertNotPendingDeletion,
  output: () => undefined,
  recover: (error) => already(error, 'suspended'),
})

export const enableKey = handler<'EnableKey', 'key.resume'>({
  native: 'key.resume',
  input: (input, asking) => ({ key: asking.reference(input.KeyId, 'no aliases') }),
  examine: assertNotPendingDeletion,
  output: () => undefined,
  recover: (error) => already(error, undefined),
})

export const scheduleKeyDeletion = handler<'ScheduleKeyDeletion', 'key.destroy'>({
  native: 'key.destroy',
  input(input, asking) {
    const days = input.PendingWindowInDays ?? WINDOW_DAYS_MAX
    if (days < WINDOW_DAYS_MIN || days > WINDOW_DAYS_MAX) {
      throw new AwsException(
        'ValidationException',
        `PendingWindowInDays must be between ${WINDOW_DAYS_MIN} and ${WINDOW_DAYS_MAX}, inclusive.`,
      )
    }
    // AWS's clients cannot acknowledge what depends on a key: the window, in which it is not used, is there for that.
    return { key: asking.reference(input.KeyId, 'no aliases'), days, acknowledge: 'all' }
  },
  output(output, input, asking) {
    const state = stateOf(output)
    return {
      KeyId: asking.keyArn(asking.reference(input.KeyId)),
      ...(state === 'PendingReplicaDeletion' || output.destroyAt === undefined
        ? {}
        : { DeletionDate: output.destroyAt }),
      KeyState: state,
      PendingWindowInDays: input.PendingWindowInDays ?? WINDOW_DAYS_MAX,
    }
  },
})

/** AWS leaves the key disabled, so that nothing uses it before somebody has looked. */
export const cancelKeyDeletion = handler<'CancelKeyDeletion', 'key.restore'>({
  native: 'key.restore',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId, 'no aliases'),
    suspended: true,
  }),
  output: (_output, input, asking) => ({ KeyId: asking.keyArn(asking.reference(input.KeyId)) }),
  recover: (error, _input, asking) =>
    error instanceof KeyError && error.code === 'wrong_state' && error.hindrance !== 'destroyed'
      ? notPendingDeletion(asking.arn(error.key))
      : undefined,
})
