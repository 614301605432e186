import { readEnvelopeVersion, type RsaPadding } from '@claviger/contract'
import { ClavigerError, envelopeKeyId } from '#model'
import type { Admitted } from '../admitted.ts'
import type { UseVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { eachItem } from './batch.ts'
import { contextBytes } from './encrypt.ts'

export interface Ciphertext {
  readonly ciphertext: Uint8Array
  readonly context?: Record<string, string> | undefined
  /** Needed where the ciphertext does not name its key (RSA), checked where it does. */
  readonly key?: string | undefined
  /** Of an RSA ciphertext. */
  readonly padding?: RsaPadding | undefined
}

/** The key a ciphertext is to be decrypted with, by id or alias; attacker-chosen. */
export function keyOf(item: Ciphertext): string | undefined {
  return item.key ?? readEnvelopeVersion(item.ciphertext)?.key
}

/** Admits the key of a ciphertext, in the version that made it. @throws ClavigerError forbidden, not_found, invalid_ciphertext */
export function admitSource(
  item: Ciphertext,
  work: Work,
): { readonly reference: string; readonly admitted: Admitted } {
  const envelope = readEnvelopeVersion(item.ciphertext)
  const reference = item.key ?? envelope?.key
  if (reference === undefined) {
    work.authorize()
    throw new ClavigerError(
      'invalid_ciphertext',
      'The ciphertext names no key; give its key if it was made with an RSA key',
    )
  }
  const { ringKey } = work.key(reference, work.action, 'process')
  const named =
    envelope !== undefined && envelopeKeyId(ringKey.key) === envelope.key
      ? envelope.version
      : undefined
  if (named !== undefined && named > ringKey.key.version) {
    throw new ClavigerError(
      'invalid_ciphertext',
      'The ciphertext does not decrypt under this key and context',
    )
  }
  return { reference, admitted: work.admit(reference, 'process', named) }
}

/** The plaintext of a ciphertext whose key was admitted; the caller says what is noted of the use. */
export function open({ ciphertext, context, padding }: Ciphertext, { handle }: Admitted) {
  return handle.decrypt(ciphertext, contextBytes(context), padding)
}

function decryptOne(item: Ciphertext, work: Work) {
  const { admitted } = admitSource(item, work)
  const plaintext = open(item, admitted)
  const done = (bytes: Uint8Array) => {
    work.used(admitted, { bytes: bytes.length })
    return { plaintext: bytes, key: admitted.ringKey.key.id, version: admitted.version }
  }
  return plaintext instanceof Promise ? plaintext.then(done) : done(plaintext)
}

export const decrypt: UseVerb<'decrypt'> = {
  kind: 'use',
  references: (input) => [keyOf(input)].filter((key) => key !== undefined),
  run: (input, work) => decryptOne(input, work),
}

export const decryptBatch: UseVerb<'decryptBatch'> = {
  kind: 'use',
  references: (input) => input.items.map(keyOf).filter((key) => key !== undefined),
  async run(input, work) {
    // Who holds the action nowhere, and is allowed no item by a key policy or a grant, is refused as a whole.
    work.authorizeHolder()
    return { items: await eachItem(input.items, work, (item) => decryptOne(item, work)) }
  },
}
