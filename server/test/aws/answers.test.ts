import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awsOperations, AwsException, encodeAnswer, encodeException, outputMembers } from '#aws'
import * as aws from '#aws'

/** Answers and exceptions as bytes. */

const request = '1a2b3c4d-0000-8000-8000-000000000001'
const headers = {
  'content-type': 'application/x-amz-json-1.1',
  'cache-control': 'no-store',
  'x-amzn-RequestId': request,
}
const arn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'

test('bytes are base64, times are seconds, and what is undefined is left out', () => {
  assert.deepEqual(
    encodeAnswer(
      'Decrypt',
      {
        KeyId: arn,
        Plaintext: Uint8Array.of(0xfb, 0xff),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        KeyMaterialId: undefined,
      },
      request,
    ),
    {
      status: 200,
      headers,
      body: `{"KeyId":"${arn}","Plaintext":"+/8=","EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}`,
    },
  )
  const { body } = encodeAnswer(
    'DescribeKey',
    {
      KeyMetadata: {
        KeyId: 'x',
        CreationDate: 1_571_767_572_317,
        DeletionDate: 1_571_767_572_000,
        Enabled: false,
        MultiRegionConfiguration: { ReplicaKeys: [{ Region: 'a', Arn: undefined }] },
      },
    },
    request,
  )
  assert.equal(
    body,
    '{"KeyMetadata":{"KeyId":"x","CreationDate":1571767572.317,"Enabled":false,"DeletionDate":1571767572,' +
      '"MultiRegionConfiguration":{"ReplicaKeys":[{"Region":"a"}]}}}',
  )
  assert.equal(
    encodeAnswer(
      'ListGrants',
      { Grants: [{ Constraints: { EncryptionContextEquals: { a: '"' } } }], Truncated: false },
      request,
    ).body,
    String.raw`{"Grants":[{"Constraints":{"EncryptionContextEquals":{"a":"\""}}}],"Truncated":false}`,
  )
})

test('what is not of the answer does not leave', () => {
  const output = { KeyId: arn, secret: 'x' }
  assert.equal(encodeAnswer('CancelKeyDeletion', output, request).body, `{"KeyId":"${arn}"}`)
})

test('operations without output have an empty body, those with an empty one a pair of braces', () => {
  const bodiless = awsOperations.filter((name) => outputMembers(name) === undefined)
  assert.deepEqual(bodiless, [
    'CreateAlias',
    'DeleteAlias',
    'DisableKey',
    'DisableKeyRotation',
    'EnableKey',
    'EnableKeyRotation',
    'PutKeyPolicy',
    'RetireGrant',
    'RevokeGrant',
    'TagResource',
    'UntagResource',
    'UpdateAlias',
    'UpdateKeyDescription',
    'UpdatePrimaryRegion',
  ])
  assert.deepEqual(encodeAnswer('TagResource', undefined, request), {
    status: 200,
    headers,
    body: '',
  })
  assert.equal(encodeAnswer('ConnectCustomKeyStore', {}, request).body, '{}')
})

test('an exception is its type in the body; only server faults are not 400', () => {
  assert.deepEqual(encodeException(aws.keyNotFound(arn), request), {
    status: 400,
    headers,
    body: `{"__type":"NotFoundException","message":"Key '${arn}' does not exist"}`,
  })
  const statuses = [
    ['KMSInternalException', 500],
    ['KeyUnavailableException', 500],
    ['DependencyTimeoutException', 503],
    ['AccessDeniedException', 400],
    ['ThrottlingException', 400],
    ['AlreadyExistsException', 400],
    ['DryRunOperationException', 400],
  ] as const
  for (const [type, status] of statuses) {
    const exception = new AwsException(type, 'x')
    assert.deepEqual(
      [exception.status, encodeException(exception, request).status],
      [status, status],
    )
  }
})

test('where AWS says nothing there is no message, whatever was given', () => {
  const silent = [
    'InvalidCiphertextException',
    'KMSInvalidMacException',
    'KMSInvalidSignatureException',
  ] as const
  for (const type of silent) {
    const { body } = encodeException(new AwsException(type, 'the tag is wrong'), request)
    assert.equal(body, `{"__type":"${type}"}`)
  }
  assert.equal(
    encodeException(new AwsException('UnsupportedOperationException'), request).body,
    '{"__type":"UnsupportedOperationException"}',
  )
})

test('the texts that clients know', () => {
  const table: readonly (readonly [AwsException, string, string])[] = [
    [aws.disabled(arn), 'DisabledException', `${arn} is disabled.`],
    [aws.pendingDeletion(arn), 'KMSInvalidStateException', `${arn} is pending deletion.`],
    [
      aws.pendingDeletion(arn, true),
      'KMSInvalidStateException',
      `${arn} is pending deletion (or pending replica deletion).`,
    ],
    [aws.notPendingDeletion(arn), 'KMSInvalidStateException', `${arn} is not pending deletion.`],
    [aws.pendingImport(arn), 'KMSInvalidStateException', `${arn} is pending import.`],
    [
      aws.wrongUsage(arn, 'GENERATE_VERIFY_MAC', 'Sign'),
      'InvalidKeyUsageException',
      `${arn} key usage is GENERATE_VERIFY_MAC which is not valid for Sign.`,
    ],
    [
      aws.incompatibleAlgorithm('HMAC_SHA_256', 'HMAC_224'),
      'InvalidKeyUsageException',
      'Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.',
    ],
    [
      aws.incorrectKey(),
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    ],
    [
      aws.dryRunSucceeded(),
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    ],
    [
      aws.wrongOrigin(arn, 'AWS_KMS'),
      'UnsupportedOperationException',
      `${arn} origin is AWS_KMS which is not valid for this operation.`,
    ],
    [
      aws.notPrimary(arn),
      'UnsupportedOperationException',
      `${arn} is not a multi-region primary key.`,
    ],
    [
      aws.anotherMaterialPending('aa', arn, 'bb'),
      'KMSInvalidStateException',
      `New key material (id: aa) cannot be imported into KMS key ${arn}, because another key material (id: bb) is pending rotation.`,
    ],
    [
      aws.nothingPendingRotation(arn),
      'KMSInvalidStateException',
      `No available key material pending rotation for the key: ${arn}.`,
    ],
    [
      aws.tooManyRotations(arn),
      'LimitExceededException',
      'The on-demand rotations limit has been reached for the given keyId. ' +
        `No more on-demand rotations can be performed for this key: ${arn}`,
    ],
    [aws.duplicateTagKeys(), 'TagException', 'Duplicate tag keys'],
    [aws.tooManyTags(), 'TagException', 'Too many tags'],
    [aws.reservedTag(), 'TagException', 'Tags beginning with aws: are reserved'],
    [
      aws.wrongDigestLength('ECDSA_SHA_256'),
      'ValidationException',
      'Digest is invalid length for algorithm ECDSA_SHA_256.',
    ],
    [
      aws.plaintextTooLong('RSAES_OAEP_SHA_256', 'RSA_2048', 190),
      'ValidationException',
      'Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.',
    ],
    [aws.numberOfBytesMissing(), 'ValidationException', 'NumberOfBytes is required.'],
    [
      aws.bytesOrSpec(),
      'ValidationException',
      'Please specify either number of bytes or key spec.',
    ],
    [aws.noSuchPolicy(), 'NotFoundException', 'No such policy exists'],
    [
      aws.ciphertextKeyMissing(),
      'AccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, ' +
        'or you are not allowed to access.',
    ],
    [
      aws.throttled(),
      'ThrottlingException',
      'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
    ],
  ]
  for (const [{ type, message }, ...expected] of table) assert.deepEqual([type, message], expected)
})
