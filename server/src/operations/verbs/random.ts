import { randomSecretSlice } from '#keyring'
import type { UseVerb } from '../verb.ts'

export const random: UseVerb<'random'> = {
  kind: 'use',
  references: () => [],
  run(input, work) {
    work.authorize()
    const bytes = randomSecretSlice(input.length)
    work.used(undefined, { bytes: input.length })
    return { bytes }
  },
}
