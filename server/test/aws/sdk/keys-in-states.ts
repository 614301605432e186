import assert from 'node:assert/strict'
import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import type { CreateKeyRequest, KMS } from '@aws-sdk/client-kms'
import { OTHER_REGION, present } from '../house.ts'

/** Keys that are brought into each of the states they can be in. */

export const states = [
  'Enabled',
  'Disabled',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'PendingImport',
] as const
export type State = (typeof states)[number]

export interface MadeKey {
  readonly id: string
  readonly arn: string
}

export async function makeKey(kms: KMS, request: CreateKeyRequest = {}): Promise<MadeKey> {
  const { KeyMetadata } = await kms.createKey(request)
  const { KeyId, Arn } = present(KeyMetadata)
  return { id: present(KeyId), arn: present(Arn) }
}

/** Imports material into a key that waits for it, wrapped as a client of AWS wraps it; which material it is. */
export async function importMaterial(
  kms: KMS,
  KeyId: string,
  material: Uint8Array,
  rest: { readonly ValidTo?: Date; readonly ImportType?: 'NEW_KEY_MATERIAL' } = {},
): Promise<string | undefined> {
  const { ImportToken, PublicKey } = await kms.getParametersForImport({
    KeyId,
    WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
    WrappingKeySpec: 'RSA_2048',
  })
  const key = createPublicKey({
    key: Buffer.from(present(PublicKey)),
    format: 'der',
    type: 'spki',
  })
  const { KeyMaterialId } = await kms.importKeyMaterial({
    KeyId,
    ImportToken,
    EncryptedKeyMaterial: publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      material,
    ),
    ExpirationModel:
      rest.ValidTo === undefined ? 'KEY_MATERIAL_DOES_NOT_EXPIRE' : 'KEY_MATERIAL_EXPIRES',
    ...rest,
  })
  return KeyMaterialId
}

/** Brings a key that is enabled into another state. */
export async function bring(kms: KMS, { id: KeyId }: MadeKey, state: State): Promise<void> {
  switch (state) {
    case 'Enabled':
      break
    case 'Disabled':
      await kms.disableKey({ KeyId })
      break
    case 'PendingReplicaDeletion':
      await kms.replicateKey({ KeyId, ReplicaRegion: OTHER_REGION })
      await kms.scheduleKeyDeletion({ KeyId })
      break
    case 'PendingDeletion':
      await kms.scheduleKeyDeletion({ KeyId })
      break
    case 'PendingImport':
      await kms.deleteImportedKeyMaterial({ KeyId })
      break
  }
  const { KeyMetadata } = await kms.describeKey({ KeyId })
  assert.deepEqual([KeyMetadata?.KeyState, KeyMetadata?.Enabled], [state, state === 'Enabled'])
}
