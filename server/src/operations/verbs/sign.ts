import { ClavigerError } from '#model'
import { admitEach } from '../admit-each.ts'
import type { Admitted } from '../admitted.ts'
import type { UseVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { admitForItems, eachItem, reachForItems } from './batch.ts'

interface SignedData {
  readonly message?: Uint8Array | undefined
  readonly digest?: Uint8Array | undefined
  readonly mu?: Uint8Array | undefined
  readonly scheme?: Parameters<Admitted['handle']['sign']>[0]
  readonly format?: 'der' | 'p1363' | undefined
}

/** Exactly one of message, digest and mu. */
function dataOf({ message, digest, mu }: SignedData): Parameters<Admitted['handle']['sign']>[1] {
  const given = [message, digest, mu].filter((bytes) => bytes !== undefined)
  if (given.length === 1) {
    if (message !== undefined) return { message }
    if (digest !== undefined) return { digest }
    if (mu !== undefined) return { mu }
  }
  throw new ClavigerError('invalid_request', 'Give one of message, digest and mu', {
    field: 'message',
  })
}

function sizeOf(item: SignedData): number {
  return item.message?.length ?? item.digest?.length ?? item.mu?.length ?? 0
}

async function signOne(item: SignedData, admitted: Admitted, work: Work) {
  const { signature, scheme } = await admitted.handle.sign(
    item.scheme,
    dataOf(item),
    item.format ?? 'der',
  )
  work.used(admitted, { bytes: sizeOf(item) })
  return { signature, scheme, key: admitted.ringKey.key.id, version: admitted.version }
}

export const sign: UseVerb<'sign'> = {
  kind: 'use',
  references: (input) => [input.key],
  run: (input, work) => signOne(input, work.admit(input.key, 'apply'), work),
}

export const signBatch: UseVerb<'signBatch'> = {
  kind: 'use',
  references: (input) => [input.key],
  async run(input, work) {
    const admitted = admitForItems(work, input.key, 'apply')
    return { items: await eachItem(input.items, work, (item) => signOne(item, admitted(), work)) }
  },
}

type VerifyItem = SignedData & {
  readonly signature: Uint8Array
  readonly version?: number | undefined
}

async function verifyOne(key: string, item: VerifyItem, work: Work) {
  const data = dataOf(item)
  let valid = false
  let by: Admitted | undefined
  for (const admitted of admitEach(work, key, item.version)) {
    valid = await admitted.handle.verify(item.scheme, data, item.signature, item.format ?? 'der')
    if (by === undefined || valid) by = admitted
    if (valid) break
  }
  if (by === undefined) throw new ClavigerError('internal', 'No version was admitted')
  work.used(by, { bytes: sizeOf(item) })
  return { valid, key: by.ringKey.key.id, version: by.version }
}

export const verify: UseVerb<'verify'> = {
  kind: 'use',
  references: (input) => [input.key],
  run: (input, work) => verifyOne(input.key, input, work),
}

export const verifyBatch: UseVerb<'verifyBatch'> = {
  kind: 'use',
  references: (input) => [input.key],
  async run(input, work) {
    reachForItems(work, input.key)
    return { items: await eachItem(input.items, work, (item) => verifyOne(input.key, item, work)) }
  },
}
