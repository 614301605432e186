import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import * as sdk from '@aws-sdk/client-kms'
import { assertRefused, OTHER_REGION, type AwsHouse } from '../house.ts'
import { importMaterial, makeKey } from './keys-in-states.ts'

/** What single operations do otherwise than AWS, each with what shows it. */

/** Something that is not as it is at AWS, and what shows it. */
export interface Difference {
  readonly text: string
  readonly show: (house: AwsHouse) => Promise<void>
}

const UNSUPPORTED = 'UnsupportedOperationException'
const INVALID = 'ValidationException'
const Plaintext = Buffer.from('the payroll')
let count = 0
const newName = () => `alias/compatible-${(count += 1)}`

const noEnclave = (ask: (house: AwsHouse, Recipient: sdk.RecipientInfo) => Promise<unknown>) => ({
  text: 'A Recipient is refused: no attestation of an enclave can be checked.',
  show: (house: AwsHouse) =>
    assertRefused(
      ask(house, {
        KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
        AttestationDocument: randomBytes(8),
      }),
      UNSUPPORTED,
      /^Recipient is not supported/,
    ),
})

const noModifiers = (
  ask: (house: AwsHouse, DryRunModifiers: ['IGNORE_CIPHERTEXT']) => Promise<unknown>,
): Difference => ({
  text: 'DryRunModifiers are refused: a rehearsal takes a ciphertext.',
  show: (house) => assertRefused(ask(house, ['IGNORE_CIPHERTEXT']), UNSUPPORTED),
})

export const differences: Readonly<Record<string, readonly Difference[]>> = {
  CreateAlias: [
    {
      text: 'A name in the shape of a key id is refused.',
      async show({ kms }) {
        const { id: TargetKeyId } = await makeKey(kms)
        const AliasName = 'alias/1234abcd-12ab-34cd-56ef-1234567890ab'
        await assertRefused(kms.createAlias({ AliasName, TargetKeyId }), INVALID)
      },
    },
  ],
  CreateGrant: [
    {
      text:
        'The grantee and the retiring principal are principals of the same account, neither services nor the account itself. They need ' +
        'not be there yet: a grant is for whoever gets the name, which nobody had before.',
      async show({ kms, account }) {
        const { id: KeyId } = await makeKey(kms)
        const asked = { KeyId, Operations: ['Encrypt'] as sdk.GrantOperation[] }
        await kms.createGrant({
          ...asked,
          GranteePrincipal: `arn:aws:iam::${account}:user/yet-to-come`,
        })
        for (const GranteePrincipal of [
          'arn:aws:iam::999988887777:user/app',
          `arn:aws:iam::${account}:root`,
        ])
          await assertRefused(
            kms.createGrant({ ...asked, GranteePrincipal }),
            'InvalidArnException',
          )
        await assertRefused(
          kms.createGrant({ ...asked, GranteeServicePrincipal: 's3.eu-central-1.amazonaws.com' }),
          UNSUPPORTED,
        )
      },
    },
    {
      text: 'A SourceArn constraint is refused: no service asks on behalf of a resource.',
      async show({ kms, owner }) {
        const { id: KeyId } = await makeKey(kms)
        await assertRefused(
          kms.createGrant({
            KeyId,
            Operations: ['Encrypt'],
            GranteePrincipal: owner.arn,
            Constraints: { SourceArn: 'arn:aws:s3:eu-central-1:111122223333:bucket' },
          }),
          UNSUPPORTED,
        )
      },
    },
  ],
  CreateKey: [
    {
      text: 'Key spec SM2 and custom key stores are refused.',
      async show({ kms }) {
        await assertRefused(kms.createKey({ KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' }), UNSUPPORTED)
        await assertRefused(
          kms.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: 'cks-1' }),
          UNSUPPORTED,
        )
      },
    },
    {
      text: 'Ids are UUIDs of version 7, which say when a key was made.',
      async show({ kms }) {
        assert.match((await makeKey(kms)).id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
      },
    },
  ],
  Decrypt: [
    noEnclave(async ({ kms }, Recipient) => {
      const { id: KeyId } = await makeKey(kms)
      const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext })
      return kms.decrypt({ CiphertextBlob, Recipient })
    }),
    noModifiers(async ({ kms }, DryRunModifiers) => {
      const { id: KeyId } = await makeKey(kms)
      return kms.decrypt({ KeyId, CiphertextBlob: undefined, DryRun: true, DryRunModifiers })
    }),
  ],
  DeleteImportedKeyMaterial: [
    {
      text:
        'Where a key has had several materials, the lack of an older one is felt by its ciphertexts alone: the key is Enabled as long as ' +
        'its current material is there.',
      async show({ kms }) {
        const { id: KeyId } = await makeKey(kms, { Origin: 'EXTERNAL' })
        const first = await importMaterial(kms, KeyId, randomBytes(32))
        const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext })
        await importMaterial(kms, KeyId, randomBytes(32), { ImportType: 'NEW_KEY_MATERIAL' })
        await kms.rotateKeyOnDemand({ KeyId })
        await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: first })
        assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'Enabled')
        await kms.encrypt({ KeyId, Plaintext })
        await assertRefused(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', /import/)
      },
    },
  ],
  DeriveSharedSecret: [
    noEnclave(async ({ kms }, Recipient) => {
      const key = await makeKey(kms, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
      const { PublicKey } = await kms.getPublicKey({ KeyId: key.id })
      return kms.deriveSharedSecret({
        KeyId: key.id,
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey,
        Recipient,
      })
    }),
  ],
  DescribeCustomKeyStores: [
    {
      text: 'The list is always empty.',
      async show({ kms }) {
        assert.deepEqual((await kms.describeCustomKeyStores({})).CustomKeyStores, [])
      },
    },
  ],
  DescribeKey: [
    {
      text: 'There are no keys of AWS: `alias/aws/s3` and the like are not found.',
      show: ({ kms }) =>
        assertRefused(kms.describeKey({ KeyId: 'alias/aws/s3' }), 'NotFoundException'),
    },
    {
      text: 'A key that was revoked, is not yet in force or is past its end is Disabled, and cannot be enabled.',
      async show({ kms, owner }) {
        const { id: KeyId } = await makeKey(kms)
        await owner.rest.call('key.revoke', { key: KeyId, reason: 'superseded' })
        const { KeyMetadata } = await kms.describeKey({ KeyId })
        assert.equal(KeyMetadata?.KeyState, 'Disabled')
        await assertRefused(kms.enableKey({ KeyId }), 'DisabledException')
      },
    },
  ],
  GenerateDataKey: [
    noEnclave(async ({ kms }, Recipient) => {
      const { id: KeyId } = await makeKey(kms)
      return kms.generateDataKey({ KeyId, KeySpec: 'AES_256', Recipient })
    }),
  ],
  GenerateDataKeyPair: [
    noEnclave(async ({ kms }, Recipient) => {
      const { id: KeyId } = await makeKey(kms)
      return kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256', Recipient })
    }),
    {
      text: 'Key pair spec SM2 is refused.',
      async show({ kms }) {
        const { id: KeyId } = await makeKey(kms)
        await assertRefused(kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'SM2' }), UNSUPPORTED)
      },
    },
  ],
  GenerateDataKeyPairWithoutPlaintext: [
    {
      text: 'Key pair spec SM2 is refused.',
      async show({ kms }) {
        const { id: KeyId } = await makeKey(kms)
        await assertRefused(
          kms.generateDataKeyPairWithoutPlaintext({ KeyId, KeyPairSpec: 'SM2' }),
          UNSUPPORTED,
        )
      },
    },
  ],
  GenerateRandom: [
    noEnclave(({ kms }, Recipient) => kms.generateRandom({ NumberOfBytes: 8, Recipient })),
  ],
  GetKeyLastUsage: [
    {
      text: 'The ledger is asked, so that every use counts since the key was made; there is no CloudTrailEventId.',
      async show({ kms, owner }) {
        const { id: KeyId } = await makeKey(kms)
        await owner.rest.call('encrypt', { key: KeyId, plaintext: Plaintext.toString('base64') })
        const last = await kms.getKeyLastUsage({ KeyId })
        assert.equal(last.KeyLastUsage?.Operation, 'Encrypt')
        assert.equal(last.KeyLastUsage?.CloudTrailEventId, undefined)
        assert.deepEqual(last.TrackingStartDate, last.KeyCreationDate)
      },
    },
  ],
  GetParametersForImport: [
    {
      text: 'RSAES_PKCS1_V1_5 and SM2PKE are refused.',
      async show({ kms }) {
        const { id: KeyId } = await makeKey(kms, { Origin: 'EXTERNAL' })
        for (const WrappingAlgorithm of ['RSAES_PKCS1_V1_5', 'SM2PKE'] as const)
          await assertRefused(
            kms.getParametersForImport({ KeyId, WrappingAlgorithm, WrappingKeySpec: 'RSA_2048' }),
            UNSUPPORTED,
          )
      },
    },
  ],
  ImportKeyMaterial: [
    {
      text:
        'New material of a multi-Region primary key is in its replicas at once, and need not be imported into each: it is never ' +
        'PENDING_MULTI_REGION_IMPORT_AND_ROTATION.',
      async show({ kms, client }) {
        const there = client({ region: OTHER_REGION })
        const { id: KeyId } = await makeKey(kms, { Origin: 'EXTERNAL', MultiRegion: true })
        const material = randomBytes(32)
        await importMaterial(kms, KeyId, material)
        await kms.replicateKey({ KeyId, ReplicaRegion: OTHER_REGION })
        await importMaterial(there, KeyId, material)
        const next = randomBytes(32)
        await importMaterial(kms, KeyId, next, { ImportType: 'NEW_KEY_MATERIAL' })
        const { Rotations } = await there.listKeyRotations({
          KeyId,
          IncludeKeyMaterial: 'ALL_KEY_MATERIAL',
        })
        assert.equal(Rotations?.at(-1)?.KeyMaterialState, 'PENDING_ROTATION')
        // Whoever imports it into the replicas as AWS asks may do so.
        await importMaterial(there, KeyId, next)
        await kms.rotateKeyOnDemand({ KeyId })
        const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext })
        await there.decrypt({ CiphertextBlob })
      },
    },
  ],
  ListAliases: [
    {
      text: 'KeyId may be an alias too, and no alias of AWS is listed.',
      async show({ kms }) {
        const { id: TargetKeyId } = await makeKey(kms)
        const AliasName = newName()
        await kms.createAlias({ AliasName, TargetKeyId })
        const { Aliases } = await kms.listAliases({ KeyId: AliasName })
        assert.deepEqual(
          Aliases?.map((alias) => alias.AliasName),
          [AliasName],
        )
      },
    },
  ],
  ListKeys: [
    {
      text: 'Keys that were made natively are in the list of every region; those that AWS has no spec for are in none.',
      async show({ kms, client, owner }) {
        const seen = await owner.rest.call('key.create', {})
        const unseen = await owner.rest.call('key.create', {
          algorithm: 'X25519',
          usage: 'agree',
        })
        for (const from of [kms, client({ region: OTHER_REGION })]) {
          const ids: (string | undefined)[] = []
          for await (const { Keys = [] } of sdk.paginateListKeys({ client: from }, {}))
            ids.push(...Keys.map(({ KeyId }) => KeyId))
          assert.deepEqual([ids.includes(seen.id), ids.includes(unseen.id)], [true, false])
        }
      },
    },
  ],
  ReEncrypt: [
    noModifiers(async ({ kms }, DryRunModifiers) => {
      const { id } = await makeKey(kms)
      return kms.reEncrypt({
        SourceKeyId: id,
        DestinationKeyId: id,
        CiphertextBlob: undefined,
        DryRun: true,
        DryRunModifiers,
      })
    }),
  ],
  ReplicateKey: [
    {
      text: 'The replica is there at once: it is never Creating, nor is its primary key Updating.',
      async show({ kms }) {
        const { id: KeyId } = await makeKey(kms, { MultiRegion: true })
        const made = await kms.replicateKey({ KeyId, ReplicaRegion: OTHER_REGION })
        assert.equal(made.ReplicaKeyMetadata?.KeyState, 'Enabled')
      },
    },
  ],
  RotateKeyOnDemand: [
    {
      text: 'There is no limit of 25 rotations.',
      async show({ kms }) {
        const { id: KeyId } = await makeKey(kms)
        for (let rotation = 0; rotation < 26; rotation += 1) await kms.rotateKeyOnDemand({ KeyId })
        const { Rotations } = await kms.listKeyRotations({ KeyId })
        assert.equal(Rotations?.length, 26)
      },
    },
  ],
  TagResource: [
    {
      text: 'A tag key has no `=`, since label selectors are written with it.',
      async show({ kms }) {
        const { id: KeyId } = await makeKey(kms)
        await assertRefused(
          kms.tagResource({ KeyId, Tags: [{ TagKey: 'a=b', TagValue: '' }] }),
          'TagException',
        )
        await kms.tagResource({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b=c' }] })
      },
    },
  ],
  UpdateAlias: [
    {
      text: 'The new key must have the usage of the old one, but may have another spec.',
      async show({ kms }) {
        const symmetric = await makeKey(kms)
        const rsa = await makeKey(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' })
        const mac = await makeKey(kms, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
        const AliasName = newName()
        await kms.createAlias({ AliasName, TargetKeyId: symmetric.id })
        await kms.updateAlias({ AliasName, TargetKeyId: rsa.id })
        await assertRefused(
          kms.updateAlias({ AliasName, TargetKeyId: mac.id }),
          'InvalidKeyUsageException',
        )
      },
    },
  ],
}
