import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import {
  AlgorithmSuiteIdentifier,
  buildAwsKmsMrkAwareStrictMultiKeyringNode,
  buildClient,
  CommitmentPolicy,
  getLocalCryptographicMaterialsCache,
  KmsKeyringNode,
  NodeCachingMaterialsManager,
} from '@aws-crypto/client-node'
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  ReplicateKeyCommand,
} from '@aws-sdk/client-kms'
import { startDevServer, type DevServer } from '../../cli/test/e2e/dev-server.ts'

/** The AWS Encryption SDK for JavaScript, told of the server by its environment alone. */

let server: DevServer
let kms: KMSClient
/** The ARNs of two keys. */
let key: string
let other: string

const message = Buffer.from('a message')
const context = { tenant: '7', purpose: 'invoice' }
const { encrypt, decrypt, encryptStream, decryptStream } = buildClient(
  CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
)

async function makeKey(multiRegion = false): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ MultiRegion: multiRegion }))
  assert.ok(KeyMetadata?.Arn !== undefined)
  return KeyMetadata.Arn
}

/** How many uses of an operation the ledger has. */
async function count(event: string): Promise<number> {
  const { exitCode, stdout, stderr } = await server.claviger(
    ['ledger', 'search', '--event', event, '--all', '-o', 'json'],
    '',
  )
  assert.equal(exitCode, 0, stderr)
  return (JSON.parse(stdout.toString()) as { items: unknown[] }).items.length
}

before(async () => {
  server = await startDevServer()
  Object.assign(process.env, server.environment)
  kms = new KMSClient({})
  key = await makeKey()
  other = await makeKey()
})
after(async () => {
  kms.destroy()
  await server[Symbol.asyncDispose]()
})

test('a message goes and comes back, with its context', async () => {
  const keyring = new KmsKeyringNode({ generatorKeyId: key })
  const { result } = await encrypt(keyring, message, { encryptionContext: context })
  const { plaintext, messageHeader } = await decrypt(keyring, result)
  assert.deepEqual(Buffer.from(plaintext), message)
  assert.equal(messageHeader.encryptionContext['tenant'], '7')
  assert.equal(
    messageHeader.suiteId,
    AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
  )
})

test('a stream goes and comes back', async () => {
  const keyring = new KmsKeyringNode({ generatorKeyId: key, keyIds: [other] })
  const large = randomBytes(1_000_003)
  const sealed = await buffer(
    Readable.from([large]).pipe(encryptStream(keyring, { encryptionContext: context })),
  )
  // Either key opens it, and without being named too.
  for (const opener of [
    new KmsKeyringNode({ keyIds: [key] }),
    new KmsKeyringNode({ keyIds: [other] }),
    new KmsKeyringNode({ discovery: true }),
  ]) {
    const opened = await buffer(Readable.from([sealed]).pipe(decryptStream(opener)))
    assert.ok(opened.equals(large))
  }
})

test('a context that was changed in the message opens nothing', async () => {
  const keyring = new KmsKeyringNode({ generatorKeyId: key })
  const { result } = await encrypt(keyring, message, { encryptionContext: context })
  const forged = Buffer.from(result)
  forged.write('receipt', forged.indexOf('invoice'))
  await assert.rejects(decrypt(keyring, forged), /unable to decrypt data key|InvalidCiphertext/i)
})

test('the caching materials manager asks once for many messages', async () => {
  const manager = new NodeCachingMaterialsManager({
    backingMaterials: new KmsKeyringNode({ generatorKeyId: key }),
    cache: getLocalCryptographicMaterialsCache(100),
    maxAge: 60_000,
    maxMessagesEncrypted: 10,
  })
  const options = { encryptionContext: context, plaintextLength: message.length }
  const [datakeys, decrypts] = [await count('datakey'), await count('decrypt')]
  const results = []
  for (let n = 0; n < 10; n += 1) results.push(await encrypt(manager, message, options))
  assert.equal((await count('datakey')) - datakeys, 1)
  for (const { result } of results) {
    assert.deepEqual(Buffer.from((await decrypt(manager, result)).plaintext), message)
  }
  assert.equal((await count('decrypt')) - decrypts, 1)
  await encrypt(manager, message, options)
  assert.equal((await count('datakey')) - datakeys, 2, 'after ten messages a new data key')
})

test('messages without key commitment are read where the policy allows it', async () => {
  const keyring = new KmsKeyringNode({ generatorKeyId: key })
  const old = buildClient(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
  const { result } = await old.encrypt(keyring, message, {
    suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384,
  })
  const lenient = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
  assert.deepEqual(Buffer.from((await lenient.decrypt(keyring, result)).plaintext), message)
  await assert.rejects(decrypt(keyring, result), /[Cc]onfiguration conflict|commit/)
})

test('a key that is disabled opens nothing until it is enabled', async () => {
  const keyring = new KmsKeyringNode({ generatorKeyId: other })
  const { result } = await encrypt(keyring, message)
  await kms.send(new DisableKeyCommand({ KeyId: other }))
  await assert.rejects(decrypt(keyring, result), /disabled/)
  await assert.rejects(encrypt(keyring, message), /disabled/)
  await kms.send(new EnableKeyCommand({ KeyId: other }))
  assert.deepEqual(Buffer.from((await decrypt(keyring, result)).plaintext), message)
})

test('a multi-Region key opens in the other region what it sealed in this one', async () => {
  const primary = await makeKey(true)
  await kms.send(new ReplicateKeyCommand({ KeyId: primary, ReplicaRegion: 'eu-central-1' }))
  const here = buildAwsKmsMrkAwareStrictMultiKeyringNode({ generatorKeyId: primary })
  const there = buildAwsKmsMrkAwareStrictMultiKeyringNode({
    generatorKeyId: primary.replace('us-east-1', 'eu-central-1'),
  })
  const { result } = await encrypt(here, message, { encryptionContext: context })
  assert.deepEqual(Buffer.from((await decrypt(there, result)).plaintext), message)
})
