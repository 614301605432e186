import type { UseVerb } from '../verb.ts'

export const agree: UseVerb<'agree'> = {
  kind: 'use',
  references: (input) => [input.key],
  async run(input, work) {
    const admitted = work.admit(
      input.key,
      input.version === undefined ? 'apply' : 'process',
      input.version,
    )
    const sharedSecret = await admitted.handle.agree(input.publicKey)
    work.used(admitted)
    return { sharedSecret, key: admitted.ringKey.key.id, version: admitted.version }
  },
}
