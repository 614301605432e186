import type { RsaPadding } from '@claviger/contract'
import type { UseVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { eachItem } from './batch.ts'
import { admitSource, keyOf, open } from './decrypt.ts'
import { contextBytes } from './encrypt.ts'

interface Item {
  readonly ciphertext: Uint8Array
  readonly context?: Record<string, string> | undefined
  readonly sourceKey?: string | undefined
  readonly sourceVersion?: number | undefined
  readonly key?: string | undefined
  readonly newContext?: Record<string, string> | undefined
  readonly padding?: RsaPadding | undefined
  readonly newPadding?: RsaPadding | undefined
}

function source(item: Item) {
  const { ciphertext, context, sourceKey: key, sourceVersion: version, padding } = item
  return { ciphertext, context, key, version, padding }
}

function references(item: Item): string[] {
  return [keyOf(source(item)), item.key].filter((key) => key !== undefined)
}

/** The plaintext stays in this function, and is overwritten. Nothing is decrypted before both keys are admitted. */
async function reencryptOne(item: Item, work: Work) {
  const from = source(item)
  const { reference, candidates } = admitSource(from, work)
  const destination = work.admit(item.key ?? reference, 'apply')
  const { plaintext, by: admitted } = await open(from, candidates)
  try {
    const ciphertext = destination.handle.encrypt(
      plaintext,
      contextBytes(item.newContext ?? item.context),
      item.newPadding,
    )
    work.used(admitted, { bytes: plaintext.length, part: 'source' })
    work.used(destination, { bytes: plaintext.length, part: 'destination' })
    return {
      ciphertext,
      key: destination.ringKey.key.id,
      version: destination.version,
      source: { key: admitted.ringKey.key.id, version: admitted.version },
    }
  } finally {
    plaintext.fill(0)
  }
}

export const reencrypt: UseVerb<'reencrypt'> = {
  kind: 'use',
  references,
  run: reencryptOne,
}

export const reencryptBatch: UseVerb<'reencryptBatch'> = {
  kind: 'use',
  references: (input) => input.items.flatMap(references),
  async run(input, work) {
    // Who holds the action nowhere, and is allowed no item by a key policy or a grant, is refused as a whole.
    work.authorizeHolder()
    return { items: await eachItem(input.items, work, (item) => reencryptOne(item, work)) }
  },
}
