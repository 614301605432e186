import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import { assertRefused, present, refused, startAwsHouse } from '../house.ts'
import { makeKey, type MadeKey } from './keys-in-states.ts'
import { sayWho, type StateRow } from './state-row.ts'
import { stateRows } from './state-table.ts'

/** Members that several operations share: rehearsals, grant tokens, and recipients in enclaves. */

const { house, kms, client, owner, hire } = await startAwsHouse()
sayWho(kms, owner.arn)
const nobody = await hire()

/** A client that adds members to every input. */
function adding(members: Readonly<Record<string, unknown>>, base = client()): KMS {
  base.middlewareStack.add(
    (next) => (args) => next({ ...args, input: { ...args.input, ...members } }),
    { step: 'initialize', priority: 'high' },
  )
  sayWho(base, owner.arn)
  return base
}

const withDryRun: readonly string[] = [
  'CreateGrant',
  'Decapsulate',
  'Decrypt',
  'DeriveSharedSecret',
  'Encapsulate',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateMac',
  'ReEncrypt',
  'RetireGrant',
  'RevokeGrant',
  'Sign',
  'Verify',
  'VerifyMac',
]
/** Whether they succeed is something that only the key can say, so the ledger has the use. */
const recorded: Readonly<Record<string, readonly string[]>> = {
  Decapsulate: ['decapsulate'],
  Decrypt: ['decrypt'],
  ReEncrypt: ['reencrypt', 'reencrypt'],
  Verify: ['verify'],
  VerifyMac: ['verifyMac'],
}
const rowsOf = (operations: readonly string[]): readonly StateRow[] =>
  operations.map((operation) => present(stateRows.find((row) => row.operation === operation)))

const WOULD = 'The request would have succeeded, but the DryRun option is set.'
const dry = adding({ DryRun: true })
const stranger = adding({ DryRun: true }, nobody.kms)

/** A key for a row, and what the row needs of it. */
async function ready(
  row: StateRow,
): Promise<{ key: MadeKey; prepared: string | Uint8Array | undefined }> {
  const key = await makeKey(kms, row.key)
  return { key, prepared: await row.prepare?.(kms, key, 'Enabled') }
}

for (const row of rowsOf(withDryRun)) {
  test(`${row.operation} is rehearsed, and changes nothing`, async () => {
    const { key, prepared } = await ready(row)
    const grants = await kms.listGrants({ KeyId: key.id })
    const before = await owner.rest.standing()
    await assertRefused(row.ask(dry, key.id, prepared), 'DryRunOperationException', WOULD)
    const { revision, entries } = await owner.rest.standing()
    assert.equal(revision, before.revision)
    const said = (await house.entries(before.entries)).slice(0, entries - before.entries)
    assert.deepEqual(
      said.map(({ event, key: used, detail }) => [event, used, detail?.['rehearsal']]),
      (recorded[row.operation] ?? []).map((event) => [event, key.id, 1]),
    )
    assert.deepEqual((await kms.listGrants({ KeyId: key.id })).Grants, grants.Grants)

    const denied = await refused(row.ask(stranger, key.id, prepared))
    assert.equal(denied.type, 'AccessDeniedException')
    // Whether a grant is there is not known before it is looked for; its key may be disabled.
    if (row.operation === 'RevokeGrant' || row.operation === 'RetireGrant') return
    await kms.disableKey({ KeyId: key.id })
    await assertRefused(
      row.ask(dry, key.id, prepared),
      'DisabledException',
      `${key.arn} is disabled.`,
    )
  })
}

test('a rehearsal says what would be wrong, once the ledger has it', async () => {
  const row = present(stateRows.find(({ operation }) => operation === 'Verify'))
  const { key } = await ready(row)
  await assertRefused(
    row.ask(dry, key.id, Buffer.from('no signature')),
    'KMSInvalidSignatureException',
    '',
  )
  const last = (await house.entries()).at(-1)
  assert.deepEqual([last?.event, last?.key, last?.detail], ['verify', key.id, { rehearsal: 1 }])
  const symmetric = await makeKey(kms)
  const { CiphertextBlob } = await kms.encrypt({ KeyId: symmetric.id, Plaintext: Buffer.from('x') })
  await assertRefused(
    dry.decrypt({ CiphertextBlob, EncryptionContext: { a: 'b' } }),
    'InvalidCiphertextException',
    '',
  )
})

const withTokens: readonly string[] = [
  ...withDryRun.filter((name) => name !== 'RetireGrant' && name !== 'RevokeGrant'),
  'DescribeKey',
  'GetPublicKey',
]

test('grant tokens are taken where AWS takes them, and looked at', async () => {
  const granted = await makeKey(kms)
  const { GrantToken } = await kms.createGrant({
    KeyId: granted.id,
    GranteePrincipal: owner.arn,
    Operations: ['Decrypt'],
  })
  const good = adding({ GrantTokens: [GrantToken] })
  const ten = adding({ GrantTokens: Array.from({ length: 10 }, () => GrantToken) })
  const eleven = adding({ GrantTokens: Array.from({ length: 11 }, () => GrantToken) })
  const bad = adding({ GrantTokens: [GrantToken, 'AQpAM2RhZTk1MGMyNTk2ZmZmMzEyYWVhOWViN2I1MWM4'] })
  for (const row of rowsOf(withTokens)) {
    const { key, prepared } = await ready(row)
    await row.ask(good, key.id, prepared)
    await row.ask(ten, key.id, prepared)
    await assertRefused(row.ask(bad, key.id, prepared), 'InvalidGrantTokenException')
    await assertRefused(row.ask(eleven, key.id, prepared), 'ValidationException')
  }
})

test('no plaintext is told to whom AWS would tell only an attested enclave', async () => {
  const enclave = adding({
    Recipient: {
      KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
      AttestationDocument: Buffer.from('nobody can check this'),
    },
  })
  const rows = rowsOf(['Decrypt', 'DeriveSharedSecret', 'GenerateDataKey', 'GenerateDataKeyPair'])
  for (const row of rows) {
    const { key, prepared } = await ready(row)
    const before = await owner.rest.standing()
    await assertRefused(
      row.ask(enclave, key.id, prepared),
      'UnsupportedOperationException',
      /^Recipient is not supported/,
    )
    assert.deepEqual(await owner.rest.standing(), before)
  }
  await assertRefused(
    enclave.generateRandom({ NumberOfBytes: 32 }),
    'UnsupportedOperationException',
  )
})

test('a rehearsal without a ciphertext is not supported', async () => {
  const key = await makeKey(kms)
  await assertRefused(
    dry.decrypt({
      KeyId: key.id,
      CiphertextBlob: undefined,
      DryRunModifiers: ['IGNORE_CIPHERTEXT'],
    }),
    'UnsupportedOperationException',
  )
})
