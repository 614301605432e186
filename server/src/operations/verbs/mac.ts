import { ClavigerError } from '#model'
import { admitEach } from '../admit-each.ts'
import type { Admitted } from '../admitted.ts'
import type { UseVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { admitForItems, eachItem } from './batch.ts'

function macOne(item: { message: Uint8Array }, admitted: Admitted, work: Work) {
  const code = admitted.handle.mac(item.message)
  work.used(admitted, { bytes: item.message.length })
  return { mac: code, key: admitted.ringKey.key.id, version: admitted.version }
}

export const mac: UseVerb<'mac'> = {
  kind: 'use',
  references: (input) => [input.key],
  run: (input, work) => macOne(input, work.admit(input.key, 'apply'), work),
}

export const macBatch: UseVerb<'macBatch'> = {
  kind: 'use',
  references: (input) => [input.key],
  async run(input, work) {
    const admitted = admitForItems(work, input.key, 'apply')
    return { items: await eachItem(input.items, work, (item) => macOne(item, admitted(), work)) }
  },
}

/** A code does not say which version made it, so every version that may still process is asked, newest first. */
export const verifyMac: UseVerb<'verifyMac'> = {
  kind: 'use',
  references: (input) => [input.key],
  run(input, work) {
    const admitted = admitEach(work, input.key, input.version)
    const match = admitted.find((candidate) => candidate.handle.verifyMac(input.message, input.mac))
    const by = match ?? admitted[0]
    if (by === undefined) throw new ClavigerError('internal', 'No version was admitted')
    work.used(by, { bytes: input.message.length })
    return {
      valid: match !== undefined,
      key: by.ringKey.key.id,
      version: by.version,
    }
  },
}
