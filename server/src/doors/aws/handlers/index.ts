import type { AwsOperation } from '../members.ts'
import * as dataKeys from './data-keys.ts'
import { decrypt, encrypt, reEncrypt } from './encryption.ts'
import type { AnyHandler } from './handler.ts'
import { createKey, describeKey } from './keys.ts'
import * as secrets from './secrets.ts'
import { sign, verify } from './signing.ts'

/** What is done for each operation of AWS KMS; what has no row here is not supported. */
export const handlers: Partial<Record<AwsOperation, AnyHandler>> = {
  CreateKey: createKey,
  Decapsulate: secrets.decapsulate,
  Decrypt: decrypt,
  DeriveSharedSecret: secrets.deriveSharedSecret,
  DescribeKey: describeKey,
  Encapsulate: secrets.encapsulate,
  Encrypt: encrypt,
  GenerateDataKey: dataKeys.generateDataKey,
  GenerateDataKeyPair: dataKeys.generateDataKeyPair,
  GenerateDataKeyPairWithoutPlaintext: dataKeys.generateDataKeyPairWithoutPlaintext,
  GenerateDataKeyWithoutPlaintext: dataKeys.generateDataKeyWithoutPlaintext,
  GenerateMac: secrets.generateMac,
  GenerateRandom: dataKeys.generateRandom,
  GetPublicKey: secrets.getPublicKey,
  ReEncrypt: reEncrypt,
  Sign: sign,
  Verify: verify,
  VerifyMac: secrets.verifyMac,
}
