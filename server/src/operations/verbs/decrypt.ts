import { readEnvelopeVersion, type RsaPadding } from '@claviger/contract'
import { findAlgorithm } from '#keyring'
import { ClavigerError, envelopeKeyId } from '#model'
import { admitEach } from '../admit-each.ts'
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
  /** The version that made an RSA ciphertext, checked where the ciphertext names it. */
  readonly version?: number | undefined
}

/** Versions of an RSA key that are tried: each takes the crypto worker some milliseconds. Older ones are to be named. */
const TRIED_MAX = 16

function undecryptable(message = 'The ciphertext does not decrypt under this key and context') {
  return new ClavigerError('invalid_ciphertext', message)
}

/** The key a ciphertext is to be decrypted with, by id or alias; attacker-chosen. */
export function keyOf(item: Ciphertext): string | undefined {
  return item.key ?? readEnvelopeVersion(item.ciphertext)?.key
}

/**
 * Admits the key of a ciphertext: in the version that made it, or where that is not known, in those that may have, newest first.
 *
 * @throws ClavigerError forbidden, not_found, invalid_ciphertext; KeyError wrong_state
 */
export function admitSource(
  item: Ciphertext,
  work: Work,
): { readonly reference: string; readonly candidates: readonly Admitted[] } {
  const envelope = readEnvelopeVersion(item.ciphertext)
  const reference = item.key ?? envelope?.key
  if (reference === undefined) {
    work.authorize()
    throw undecryptable('The ciphertext names no key; give its key if it was made with an RSA key')
  }
  const { ringKey } = work.key(reference, work.action, 'process')
  const named =
    envelope !== undefined && envelopeKeyId(ringKey.key) === envelope.key
      ? envelope.version
      : undefined
  const version = named ?? item.version
  if (version !== undefined) {
    if (version > ringKey.key.version || version !== (item.version ?? version))
      throw undecryptable()
    return { reference, candidates: [work.admit(reference, 'process', version)] }
  }
  // What is encrypted symmetrically is an envelope, which names its version.
  if (findAlgorithm(ringKey.key.algorithm).pair === undefined)
    return { reference, candidates: [work.admit(reference, 'process')] }
  return { reference, candidates: admitEach(work, reference).slice(0, TRIED_MAX) }
}

/** What a ciphertext says, and the key and version that it was opened with. */
export interface Opened {
  readonly plaintext: Uint8Array
  readonly by: Admitted
}

function openBy({ ciphertext, context, padding }: Ciphertext, by: Admitted) {
  return by.handle.decrypt(ciphertext, contextBytes(context), padding)
}

/** The plaintext of a ciphertext whose key was admitted; the caller says what is noted of the use. */
export function open(item: Ciphertext, candidates: readonly Admitted[]): Opened | Promise<Opened> {
  const [by, ...others] = candidates
  if (by === undefined) throw new ClavigerError('internal', 'No version was admitted')
  if (others.length > 0) return openByAny(item, candidates)
  const plaintext = openBy(item, by)
  return plaintext instanceof Promise
    ? plaintext.then((bytes) => ({ plaintext: bytes, by }))
    : { plaintext, by }
}

async function openByAny(item: Ciphertext, candidates: readonly Admitted[]): Promise<Opened> {
  let failure: unknown
  for (const by of candidates) {
    try {
      return { plaintext: await openBy(item, by), by }
    } catch (thrown) {
      if (!(thrown instanceof ClavigerError) || thrown.code !== 'invalid_ciphertext') throw thrown
      failure = thrown
    }
  }
  throw failure
}

function decryptOne(item: Ciphertext, work: Work) {
  const opened = open(item, admitSource(item, work).candidates)
  const done = ({ plaintext, by }: Opened) => {
    work.used(by, { bytes: plaintext.length })
    return { plaintext, key: by.ringKey.key.id, version: by.version }
  }
  return opened instanceof Promise ? opened.then(done) : done(opened)
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
