import type { KeyUsage } from '@claviger/contract'

/** The operations that a grant can allow, in AWS's words, and the keys that know them (AWS KMS Developer Guide, Grant operations). */

/** Of a key, what tells which operations it knows. */
export interface GrantedKey {
  readonly usage: KeyUsage
  readonly symmetric: boolean
}

const ofEvery = (): boolean => true
const ofPairs = ({ symmetric }: GrantedKey): boolean => !symmetric
const ofSymmetric = ({ usage, symmetric }: GrantedKey): boolean => usage === 'encrypt' && symmetric

function ofUsage(wanted: KeyUsage): (key: GrantedKey) => boolean {
  return ({ usage }) => usage === wanted
}

const knownBy: ReadonlyMap<string, (key: GrantedKey) => boolean> = new Map([
  ['CreateGrant', ofEvery],
  ['RetireGrant', ofEvery],
  ['DescribeKey', ofEvery],
  ['GetPublicKey', ofPairs],
  ['Encrypt', ofUsage('encrypt')],
  ['Decrypt', ofUsage('encrypt')],
  ['ReEncryptFrom', ofUsage('encrypt')],
  ['ReEncryptTo', ofUsage('encrypt')],
  ['GenerateDataKey', ofSymmetric],
  ['GenerateDataKeyWithoutPlaintext', ofSymmetric],
  ['GenerateDataKeyPair', ofSymmetric],
  ['GenerateDataKeyPairWithoutPlaintext', ofSymmetric],
  ['Sign', ofUsage('sign')],
  ['Verify', ofUsage('sign')],
  ['GenerateMac', ofUsage('mac')],
  ['VerifyMac', ofUsage('mac')],
  ['DeriveSharedSecret', ofUsage('agree')],
  ['Encapsulate', ofUsage('encapsulate')],
  ['Decapsulate', ofUsage('encapsulate')],
])

/** Every operation that a grant can allow. */
export const grantOperations: readonly string[] = [...knownBy.keys()]

/** Whether a grant on a key can allow an operation. */
export function isGrantable(operation: string, key: GrantedKey): boolean {
  return knownBy.get(operation)?.(key) === true
}
