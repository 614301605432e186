import assert from 'node:assert/strict'
import { overHttp } from '../../rest/client.ts'
import { assertRefused, OTHER_REGION, present, REGION } from '../house.ts'
import type { Difference } from './differences.ts'
import { makeKey } from './keys-in-states.ts'
import { assertAnswer, assertException, signed } from './raw.ts'

/** What is otherwise than at AWS for more than one operation. */

const Plaintext = Buffer.from('the payroll')

export const generalDifferences: readonly Difference[] = [
  {
    text: 'An account is a tenant, and tenants are walls: the key of another account is not found, whatever its key policy says.',
    show: ({ kms }) => {
      const KeyId = `arn:aws:kms:${REGION}:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab`
      return assertRefused(
        kms.describeKey({ KeyId }),
        'NotFoundException',
        `Key '${KeyId}' does not exist`,
      )
    },
  },
  {
    text: 'What is changed is in force when the call returns, for every client: a grant needs no token, and what is revoked is at once.',
    async show({ kms, hire }) {
      const { id: KeyId } = await makeKey(kms)
      const grantee = await hire()
      const grant = { KeyId, GranteePrincipal: grantee.arn, Operations: ['Encrypt'] as const }
      const { GrantId } = await kms.createGrant({ ...grant, Operations: ['Encrypt'] })
      await grantee.kms.encrypt({ KeyId, Plaintext })
      await kms.revokeGrant({ KeyId, GrantId })
      await assertRefused(grantee.kms.encrypt({ KeyId, Plaintext }), 'AccessDeniedException')
    },
  },
  {
    text: 'A key policy may name principals that are not there yet, and those of other accounts, to whom it gives nothing.',
    async show({ kms, account }) {
      const statement = (AWS: string, Action: string) => ({
        Effect: 'Allow',
        Principal: { AWS },
        Action,
        Resource: '*',
      })
      const Policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          statement(`arn:aws:iam::${account}:root`, 'kms:*'),
          statement(`arn:aws:iam::${account}:role/not-there-yet`, 'kms:Encrypt'),
          statement('arn:aws:iam::999988887777:role/elsewhere', 'kms:Encrypt'),
        ],
      })
      const { KeyMetadata } = await kms.createKey({ Policy })
      const KeyId = present(KeyMetadata?.KeyId)
      assert.equal((await kms.getKeyPolicy({ KeyId })).Policy, Policy)
    },
  },
  {
    text: 'A signed request that changes something counts once: sent again as it was, it is refused with InvalidSignatureException.',
    async show(house) {
      const send = overHttp(house.address)
      const body = '{"Description":"made once"}'
      const sent = await signed(house, { operation: 'CreateKey', body })
      assertAnswer(await send(sent))
      assertException(await send(sent), 'InvalidSignatureException')
    },
  },
  {
    text: 'A grant token that is none of ours is refused, also where AWS would look no further.',
    async show({ kms }) {
      const { id: KeyId } = await makeKey(kms)
      await assertRefused(
        kms.describeKey({ KeyId, GrantTokens: ['AQpAM2RhZTk1MGMy'] }),
        'InvalidGrantTokenException',
      )
    },
  },
  {
    text: 'A key that was made natively belongs to no region and is found in each; its ARN is that of the region that is asked.',
    async show({ client, owner, account }) {
      const { id: KeyId } = await owner.rest.call('key.create', {})
      for (const region of [REGION, OTHER_REGION]) {
        const { KeyMetadata } = await client({ region }).describeKey({ KeyId })
        assert.equal(KeyMetadata?.Arn, `arn:aws:kms:${region}:${account}:key/${KeyId}`)
      }
    },
  },
  {
    text: 'An encryption context is not shown to whoever reads the ledger; it binds, and policies may ask for it.',
    async show({ kms, owner }) {
      const { id: KeyId } = await makeKey(kms)
      const secret = 'a-name-of-a-patient'
      await kms.encrypt({ KeyId, Plaintext, EncryptionContext: { patient: secret } })
      const { items } = await owner.rest.call('ledger.search', { key: KeyId })
      assert.ok(items.length >= 2)
      assert.ok(!JSON.stringify(items).includes(secret))
    },
  },
  {
    text: 'An encryption context has at most 64 pairs, names of 1 to 256 characters, values of at most 4,096; in a grant at most 384.',
    async show({ kms }) {
      const { id: KeyId } = await makeKey(kms)
      const longest = { ['n'.repeat(256)]: 'v'.repeat(4_096) }
      await kms.encrypt({ KeyId, Plaintext, EncryptionContext: longest })
      const pairs = Array.from({ length: 65 }, (_, at) => [String(at), ''] as const)
      for (const context of [
        Object.fromEntries(pairs),
        { '': 'x' },
        { ['n'.repeat(257)]: '' },
        { n: 'v'.repeat(4_097) },
      ])
        await assertRefused(
          kms.encrypt({ KeyId, Plaintext, EncryptionContext: context }),
          'ValidationException',
        )
    },
  },
  {
    text:
      'A statement of a key policy has a Sid of at most 256 characters, and all conditions of one together at most 100 patterns with ' +
      'something between two stars.',
    async show({ kms, account }) {
      const { id: KeyId } = await makeKey(kms)
      const put = (Sid: string, patterns: number) => {
        const apps = Array.from({ length: patterns }, (_, at) => `*${at}*`)
        const delegating = {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Action: 'kms:*',
          Resource: '*',
        }
        const denying = {
          ...delegating,
          Sid,
          Effect: 'Deny',
          Condition: { StringLike: { 'kms:EncryptionContext:app': apps } },
        }
        const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [delegating, denying] })
        return kms.putKeyPolicy({ KeyId, Policy })
      }
      await put('s'.repeat(256), 100)
      await assertRefused(put('s'.repeat(257), 100), 'MalformedPolicyDocumentException')
      await assertRefused(put('s'.repeat(256), 101), 'MalformedPolicyDocumentException')
    },
  },
  {
    text: 'Ciphertexts are [Claviger envelopes](envelope.md), and can be opened at its other doors.',
    async show({ kms, owner }) {
      const { id: KeyId } = await makeKey(kms)
      const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext })
      const ciphertext = Buffer.from(present(CiphertextBlob)).toString('base64')
      const { plaintext } = await owner.rest.call('decrypt', { ciphertext })
      assert.equal(plaintext, Plaintext.toString('base64'))
    },
  },
]
