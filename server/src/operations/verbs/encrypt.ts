import { encodeContext, type InputOf, type RsaPadding } from '@claviger/contract'
import type { Admitted } from '../admitted.ts'
import type { UseVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { admitForItems, eachItem } from './batch.ts'

const noContext = encodeContext({})

/** The bytes that are bound to a ciphertext. */
export function contextBytes(context: Readonly<Record<string, string>> | undefined): Uint8Array {
  return context === undefined ? noContext : encodeContext(context)
}

function encryptOne(
  item: {
    plaintext: Uint8Array
    context?: Record<string, string> | undefined
    padding?: RsaPadding | undefined
  },
  admitted: Admitted,
  work: Work,
) {
  const ciphertext = admitted.handle.encrypt(
    item.plaintext,
    contextBytes(item.context),
    item.padding,
  )
  work.used(admitted, { bytes: item.plaintext.length })
  return { ciphertext, key: admitted.ringKey.key.id, version: admitted.version }
}

export const encrypt: UseVerb<'encrypt'> = {
  kind: 'use',
  references: (input) => [input.key],
  run: (input, work) => encryptOne(input, work.admit(input.key, 'apply'), work),
}

export const encryptBatch: UseVerb<'encryptBatch'> = {
  kind: 'use',
  references: (input) => [input.key],
  async run(input: InputOf<'encryptBatch'>, work) {
    const admitted = admitForItems(work, input.key, 'apply')
    return {
      items: await eachItem(input.items, work, (item) => encryptOne(item, admitted(), work)),
    }
  },
}
