import type { AwsOperation } from '../members.ts'
import { decrypt, encrypt, reEncrypt } from './encryption.ts'
import type { AnyHandler } from './handler.ts'
import { createKey, describeKey } from './keys.ts'

/** What is done for each operation of AWS KMS; what has no row here is not supported. */
export const handlers: Partial<Record<AwsOperation, AnyHandler>> = {
  CreateKey: createKey,
  Decrypt: decrypt,
  DescribeKey: describeKey,
  Encrypt: encrypt,
  ReEncrypt: reEncrypt,
}
