import assert from 'node:assert/strict'
import { test } from 'node:test'
import { overHttp } from '../../rest/client.ts'
import { assertRefused, present, refused, startAwsHouse, type Credentials } from '../house.ts'
import { makeKey } from './keys-in-states.ts'
import { assertAnswer, assertException, signed, type Wish } from './raw.ts'

/** The protocol below the operations: answers and exceptions as bytes, signatures, clocks, and what is sent twice. */

const house = await startAwsHouse()
const { kms, client, address, owner, clock } = house
const send = overHttp(address)
const MINUTE_MS = 60_000

async function ask(wish: Wish) {
  return send(await signed(house, wish))
}

test('answers have a type, a request id and a date', async () => {
  const body = assertAnswer(await ask({ operation: 'CreateKey' }))
  const metadata = body['KeyMetadata'] as Record<string, unknown>
  assert.equal(typeof metadata['CreationDate'], 'number')
  assert.ok(Math.abs(Number(metadata['CreationDate']) - clock.now() / 1_000) < 60)
  const nothing = await ask({
    operation: 'DisableKey',
    body: JSON.stringify({ KeyId: metadata['KeyId'] }),
  })
  assertAnswer(nothing)
  assert.equal(nothing.body.length, 0)
  const { $metadata } = await kms.listKeys({})
  assert.match(present($metadata.requestId), /^0a1b2c3d-0000-8000-8000-[0-9a-f]{12}$/)
  const failure = await refused(kms.describeKey({ KeyId: 'x' }))
  assert.match(present(failure.requestId), /^0a1b2c3d-0000-8000-8000-[0-9a-f]{12}$/)
})

test('exceptions have their type in the body, and 400 whatever they are', async () => {
  assertException(
    await ask({ operation: 'DescribeKey', body: '{"KeyId":"x"}' }),
    'NotFoundException',
    "Invalid keyId 'x'",
  )
  assertException(
    await ask({ operation: 'Decrypt', body: '{"CiphertextBlob":"AAAA"}' }),
    'InvalidCiphertextException',
    '',
  )
  assertException(
    await ask({ operation: 'DescribeKey' }),
    'ValidationException',
    "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
  )
})

test('what is no operation, and no input', async () => {
  const unknown = 'UnknownOperationException'
  assertException(await ask({ operation: 'EncryptEverything' }), unknown)
  assertException(
    await ask({ headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' } }),
    unknown,
  )
  assertException(await ask({ headers: { 'content-type': 'application/json' } }), unknown)
  for (const body of ['', '[]', 'null', '"x"', '{', '{"Limit":1}}', '\ufeff{}', '{"Limit":"1"}'])
    assertException(await ask({ body }), 'SerializationException')
  for (const body of ['{"Limit":null}', '{"Whatever":{"there":["is"]}}', ' {} '])
    assertAnswer(await ask({ body }))
})

test('the operations of key stores are not supported', async () => {
  const CustomKeyStoreId = 'cks-1234567890abcdef0'
  for (const [name, asked] of [
    ['CreateCustomKeyStore', kms.createCustomKeyStore({ CustomKeyStoreName: 'store' })],
    ['ConnectCustomKeyStore', kms.connectCustomKeyStore({ CustomKeyStoreId })],
    ['DisconnectCustomKeyStore', kms.disconnectCustomKeyStore({ CustomKeyStoreId })],
    ['UpdateCustomKeyStore', kms.updateCustomKeyStore({ CustomKeyStoreId })],
    ['DeleteCustomKeyStore', kms.deleteCustomKeyStore({ CustomKeyStoreId })],
  ] as const)
    await assertRefused(asked, 'UnsupportedOperationException', `${name} is not supported`)
  assert.deepEqual((await kms.describeCustomKeyStores({})).CustomKeyStores, [])
  await assertRefused(
    kms.describeCustomKeyStores({ CustomKeyStoreId }),
    'CustomKeyStoreNotFoundException',
  )
})

test('the door is at a path too, with and without a slash at its end', async () => {
  for (const endpoint of [`${address}/aws`, `${address}/aws/`])
    await client({ endpoint }).listKeys({})
  for (const path of ['/aws', '/aws/', '/']) assertAnswer(await ask({ path }))
})

test('credentials that are not good', async () => {
  const { accessKeyId, secretAccessKey } = owner.credentials
  const as = (credentials: Credentials) => client({ credentials }).listKeys({})
  await assertRefused(
    as({
      accessKeyId,
      secretAccessKey: secretAccessKey.replace(/^./, (first) => (first === 'a' ? 'b' : 'a')),
    }),
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided. ' +
      'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  )
  await assertRefused(
    as({ accessKeyId: 'AKIAABCDEFGHIJKLMNOP', secretAccessKey }),
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  )
  await assertRefused(
    as({ accessKeyId, secretAccessKey, sessionToken: 'no token' }),
    'UnrecognizedClientException',
  )
  assertException(await ask({ service: 's3' }), 'InvalidSignatureException')
  const { authorization: _, ...bare } = present((await signed(house)).headers)
  assertException(
    await send({ method: 'POST', path: '/', headers: bare, body: '{}' }),
    'MissingAuthenticationTokenException',
  )
})

test('a signature is for one request', async () => {
  const { id } = await makeKey(kms)
  const sent = await signed(house, {
    operation: 'DescribeKey',
    body: JSON.stringify({ KeyId: id }),
  })
  assertAnswer(await send(sent))
  const headers = present(sent.headers)
  for (const changed of [
    { body: JSON.stringify({ KeyId: id, Limit: 1 }) },
    { headers: { ...headers, 'x-amz-target': 'TrentService.DisableKey' } },
    { headers: { ...headers, 'x-amz-date': '20200101T000000Z' } },
    { path: '/aws' },
  ]) {
    const { type } = JSON.parse(
      (await send({ ...sent, ...changed })).body.toString().replace('__type', 'type'),
    ) as { type: string }
    assert.equal(type, 'InvalidSignatureException')
  }
  const query = await send({ ...sent, path: '/?X-Amz-Signature=00' })
  assertException(query, 'UnknownOperationException')
})

test('a change that is sent twice is done once; what changes nothing may be sent again', async () => {
  const sent = await signed(house, { operation: 'CreateKey', body: '{"Description":"once"}' })
  assertAnswer(await send(sent))
  assertException(await send(sent), 'InvalidSignatureException')
  const listing = await signed(house)
  assertAnswer(await send(listing))
  assertAnswer(await send(listing))
})

test('a change that its client tries again within the second, since an answer was lost, is not one sent again', async () => {
  // As the SDK for Rust and boto3 do it: neither the id of the call nor the number of the try is signed.
  const sent = await signed(house, { operation: 'CreateKey', body: '{"Description":"tried"}' })
  const attempt = (number: number) =>
    send({
      ...sent,
      headers: {
        ...sent.headers,
        'amz-sdk-invocation-id': '4a3ff4f0-8a1e-4cfd-8a5c-0c5f0e1b7a10',
        'amz-sdk-request': `attempt=${number}; max=3`,
      },
    })
  assertAnswer(await attempt(1))
  assertAnswer(await attempt(2))
  for (const again of [1, 2]) assertException(await attempt(again), 'InvalidSignatureException')
})

test('a clock that is wrong', async () => {
  for (const minutes of [-6, 6]) {
    const late = await ask({ at: clock.now() + minutes * MINUTE_MS })
    const text =
      minutes < 0
        ? /^Signature expired: \d{8}T\d{6}Z is now earlier than /
        : /^Signature not yet current: /
    assertException(late, 'InvalidSignatureException', text)
  }
  // AWS's client learns from the answer's date how far it is off, and tries again.
  for (const minutes of [10, -10]) {
    clock.advance(minutes * MINUTE_MS)
    const wrong = client({ systemClockOffset: 0, maxAttempts: 3 })
    assert.equal((await wrong.listKeys({})).$metadata.attempts, 2)
    assert.equal((await wrong.listKeys({})).$metadata.attempts, 1)
    clock.advance(-minutes * MINUTE_MS)
  }
})

test('policies, tags and descriptions as AWS keeps them', async () => {
  const { id } = await makeKey(kms)
  const { Policy, PolicyName } = await kms.getKeyPolicy({ KeyId: id })
  assert.equal(PolicyName, 'default')
  assert.deepEqual(JSON.parse(present(Policy)), {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${house.account}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  })
  const spaced = JSON.stringify(JSON.parse(present(Policy)), undefined, 3)
  await kms.putKeyPolicy({ KeyId: id, Policy: spaced, PolicyName: 'default' })
  assert.equal((await kms.getKeyPolicy({ KeyId: id })).Policy, spaced)
  await assertRefused(
    kms.getKeyPolicy({ KeyId: id, PolicyName: 'other' }),
    'NotFoundException',
    'No such policy exists',
  )
  await assertRefused(
    kms.putKeyPolicy({ KeyId: id, Policy: '{"Version":' }),
    'MalformedPolicyDocumentException',
  )
  await assertRefused(
    kms.putKeyPolicy({
      KeyId: id,
      Policy: spaced.replace('Enable IAM User Permissions', 's'.repeat(257)),
    }),
    'MalformedPolicyDocumentException',
    'Statement 1.Sid: must not be longer than 256 characters',
  )
  const lockout = spaced.replace(':root', ':user/nobody')
  await assertRefused(
    kms.putKeyPolicy({ KeyId: id, Policy: lockout }),
    'MalformedPolicyDocumentException',
  )
  assert.deepEqual((await kms.listKeyPolicies({ KeyId: id })).PolicyNames, ['default'])

  const Tags = [
    { TagKey: 'cost', TagValue: 'payroll' },
    { TagKey: 'Team:A/b', TagValue: '' },
  ]
  await kms.tagResource({ KeyId: id, Tags })
  await kms.tagResource({ KeyId: id, Tags: [{ TagKey: 'cost', TagValue: 'tax' }] })
  await kms.untagResource({ KeyId: id, TagKeys: ['Team:A/b', 'absent'] })
  assert.deepEqual((await kms.listResourceTags({ KeyId: id })).Tags, [
    { TagKey: 'cost', TagValue: 'tax' },
  ])
  for (const [tags, message] of [
    [[...Tags, ...Tags], 'Duplicate tag keys'],
    [[{ TagKey: 'aws:x', TagValue: '' }], 'Tags beginning with aws: are reserved'],
    [Array.from({ length: 51 }, (_, at) => ({ TagKey: `t${at}`, TagValue: '' })), 'Too many tags'],
  ] as const)
    await assertRefused(kms.tagResource({ KeyId: id, Tags: [...tags] }), 'TagException', message)
  await kms.updateKeyDescription({ KeyId: id, Description: 'Grüße\n' })
  assert.equal((await kms.describeKey({ KeyId: id })).KeyMetadata?.Description, 'Grüße\n')
})
