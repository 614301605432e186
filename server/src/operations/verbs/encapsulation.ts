import type { UseVerb } from '../verb.ts'

export const encapsulate: UseVerb<'encapsulate'> = {
  kind: 'use',
  references: (input) => [input.key],
  run(input, work) {
    const admitted = work.admit(input.key, 'apply')
    const { sharedSecret, encapsulation } = admitted.handle.encapsulate()
    work.used(admitted, { wraps: 1 })
    return { sharedSecret, encapsulation, key: admitted.ringKey.key.id, version: admitted.version }
  },
}

export const decapsulate: UseVerb<'decapsulate'> = {
  kind: 'use',
  references: (input) => [input.key],
  async run(input, work) {
    const admitted = work.admit(input.key, 'process', input.version)
    const sharedSecret = await admitted.handle.decapsulate(input.encapsulation)
    work.used(admitted)
    return { sharedSecret, key: admitted.ringKey.key.id, version: admitted.version }
  },
}
