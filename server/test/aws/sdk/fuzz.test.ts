import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import fc from 'fast-check'
import { awsOperations } from '#aws'
import { overHttp } from '../../rest/client.ts'
import { exchange, parseAnswers } from '../../rest/raw.ts'
import { present, startAwsHouse } from '../house.ts'
import { makeKey } from './keys-in-states.ts'
import { signed } from './raw.ts'

/** Whatever is sent, signed or not, there is a well-formed answer in time, and it is never the server's fault. */

const house = await startAwsHouse()
const { kms, port, failures } = house
const send = overHttp(house.address)
const key = await makeKey(kms)
const signing = await makeKey(kms, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
const apart = await makeKey(kms)
const { CiphertextBlob } = await kms.encrypt({ KeyId: apart.id, Plaintext: Buffer.from('kept') })

afterEach(async () => {
  assert.deepEqual(failures, [])
  const { Plaintext } = await kms.decrypt({ CiphertextBlob })
  assert.deepEqual(Buffer.from(present(Plaintext)), Buffer.from('kept'))
})

function assertClean({ status, body }: { readonly status: number; readonly body: Buffer }): void {
  assert.ok(status === 200 || status === 400, `${status} ${body.toString()}`)
  if (status === 400) assert.match(body.toString('utf8'), /^\{"__type":"[A-Za-z]+Exception"[,}]/)
}

const target = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...awsOperations) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 }) },
)
const base64 = fc
  .uint8Array({ maxLength: 100 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
const word = fc.constantFrom(
  key.id,
  key.arn,
  signing.id,
  'alias/x',
  'AES_256',
  'SYMMETRIC_DEFAULT',
  'ECDSA_SHA_256',
  'RAW',
  'DIGEST',
  'EXTERNAL',
  'ECC_NIST_P256',
  'SIGN_VERIFY',
  'Decrypt',
  'us-west-2',
  Buffer.from(present(CiphertextBlob)).toString('base64'),
)
const name = fc.constantFrom(
  'KeyId',
  'TargetKeyId',
  'AliasName',
  'Plaintext',
  'CiphertextBlob',
  'EncryptionContext',
  'KeySpec',
  'KeyUsage',
  'NumberOfBytes',
  'Message',
  'MessageType',
  'SigningAlgorithm',
  'EncryptionAlgorithm',
  'Signature',
  'Operations',
  'GranteePrincipal',
  'Constraints',
  'GrantTokens',
  'DryRun',
  'Limit',
  'Marker',
  'Policy',
  'Tags',
  'ValidTo',
  'ReplicaRegion',
  'DestinationKeyId',
  'SourceKeyId',
  'WrappingAlgorithm',
  'WrappingKeySpec',
  'ImportToken',
  'KeyPairSpec',
  'PublicKey',
  '__proto__',
)
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    word,
    base64,
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(name, fc.string({ maxLength: 5 })), tie('value'), { maxKeys: 4 }),
  ),
})).value

/** Members that fit the operation more often than not. */
const likely = fc
  .array(fc.tuple(name, value), { maxLength: 6 })
  .map((members) => JSON.stringify({ KeyId: key.id, ...Object.fromEntries(members) }))
const body = fc.oneof(
  { weight: 6, arbitrary: likely },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
)

test('inputs that are anything, for every operation', async () => {
  await fc.assert(
    fc.asyncProperty(target, body, async (operation, body) => {
      assertClean(await send(await signed(house, { operation, body })))
    }),
    { numRuns: 600 },
  )
})

const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 60 })

test('headers that are anything', async () => {
  const headers = fc.record(
    {
      authorization: fc.oneof(
        ascii,
        ascii.map((end) => `AWS4-HMAC-SHA256 ${end}`),
        ascii.map((end) => `AWS4-HMAC-SHA256 Credential=${end}, SignedHeaders=host, Signature=00`),
      ),
      'x-amz-date': fc.oneof(ascii, fc.constant('20260101T000000Z')),
      'x-amz-content-sha256': ascii,
      'x-amz-security-token': ascii,
      'x-amz-target': ascii,
      'content-type': ascii,
      'amz-sdk-invocation-id': ascii,
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(headers, fc.boolean(), async (headers, keep) => {
      const sent = await signed(house)
      const trimmed = Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, text.trim()]),
      )
      const { authorization: _, ...rest } = present(sent.headers)
      const kept = keep ? present(sent.headers) : rest
      const answer = await send({ ...sent, headers: { ...kept, ...trimmed } })
      // A form's answer is XML, with its own statuses.
      assert.ok(answer.status < 500, answer.body.toString())
      if (String(answer.headers['content-type']).includes('json')) assertClean(answer)
    }),
    { numRuns: 300 },
  )
})

test('a good request with bytes changed, lost or doubled', async () => {
  const { headers = {} } = await signed(house)
  const whole = Buffer.from(
    `POST / HTTP/1.1\r\n${Object.entries({ ...headers, 'content-length': '2', connection: 'close' })
      .map(([name, text]) => `${name}: ${text}\r\n`)
      .join('')}\r\n{}`,
  )
  const at = fc.nat({ max: whole.length - 1 })
  await fc.assert(
    fc.asyncProperty(
      at,
      fc.nat({ max: 20 }),
      fc.uint8Array({ maxLength: 6 }),
      async (from, lost, put) => {
        const bent = Buffer.concat([whole.subarray(0, from), put, whole.subarray(from + lost)])
        for (const answer of parseAnswers(await exchange(port, bent, { end: true })))
          assert.ok(answer.status < 500, `${answer.status} ${answer.body.toString()}`)
      },
    ),
    { numRuns: 150 },
  )
})

test('forms that are anything', async () => {
  const member = fc.oneof(
    fc.constantFrom('Action', 'Version', 'RoleArn', 'RoleSessionName', 'WebIdentityToken'),
    ascii,
  )
  const text = fc.oneof(
    fc.constantFrom('AssumeRole', 'GetCallerIdentity', 'AssumeRoleWithWebIdentity', '2011-06-15'),
    fc.string({ unit: 'binary', maxLength: 30 }).filter((each) => each.isWellFormed()),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(member, text), { maxLength: 6 }), async (members) => {
      const form = new URLSearchParams([
        ...members,
        ['Action', 'AssumeRole'],
        ['Version', '2011-06-15'],
      ])
      const answer = await send(
        await signed(house, {
          service: 'sts',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: form.toString(),
        }),
      )
      assert.ok(answer.status < 500, answer.body.toString())
      assert.equal(answer.headers['content-type'], 'text/xml')
    }),
    { numRuns: 150 },
  )
})
