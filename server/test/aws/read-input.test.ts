import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awsOperations, BODY_BYTES_MAX, readInput, type AwsOperation } from '#aws'
import { refusal } from './refusal.ts'

/** Inputs: what is read, what is passed over, and the texts on what is wrong. */

const encoder = new TextEncoder()

function read(operation: AwsOperation, input: unknown): unknown {
  return readInput(operation, encoder.encode(JSON.stringify(input)))
}

const key = '1234abcd-12ab-34cd-56ef-1234567890ab'
const specs = '[AES_256, AES_128]'

test('there are 56 operations, five of them for custom key stores and one that lists those', () => {
  assert.equal(awsOperations.length, 56)
  assert.equal(awsOperations.filter((name) => name.includes('CustomKeyStore')).length, 6)
})

test('bytes become bytes, times milliseconds, and types are those of the table', () => {
  const input = readInput(
    'Encrypt',
    encoder.encode(
      JSON.stringify({
        KeyId: key,
        Plaintext: 'aGk=',
        EncryptionContext: { a: '1' },
        DryRun: true,
      }),
    ),
  )
  // The handler's types: a mistake here is found by the type checker.
  const plaintext: Uint8Array = input.Plaintext
  const context: Readonly<Record<string, string>> | undefined = input.EncryptionContext
  const algorithm:
    | 'SYMMETRIC_DEFAULT'
    | 'RSAES_OAEP_SHA_1'
    | 'RSAES_OAEP_SHA_256'
    | 'SM2PKE'
    | undefined = input.EncryptionAlgorithm
  assert.deepEqual(
    [input.KeyId, Buffer.from(plaintext).toString(), context, algorithm, input.DryRun],
    [key, 'hi', { a: '1' }, undefined, true],
  )
  assert.deepEqual(
    read('ImportKeyMaterial', {
      KeyId: key,
      ImportToken: 'AA==',
      EncryptedKeyMaterial: '/+8=',
      ValidTo: 1_571_767_572.317,
    }),
    {
      KeyId: key,
      ImportToken: Uint8Array.of(0),
      EncryptedKeyMaterial: Uint8Array.of(0xff, 0xef),
      ValidTo: 1_571_767_572_317,
    },
  )
  assert.deepEqual(
    read('CreateKey', { MultiRegion: false, Tags: [{ TagKey: 'a', TagValue: '', More: 1 }] }),
    { MultiRegion: false, Tags: [{ TagKey: 'a', TagValue: '' }] },
  )
})

test('members that are not of the operation, and those that are null, are as absent', () => {
  assert.deepEqual(read('ListKeys', { Limit: null, Marker: null, Plaintext: 5, toString: [] }), {})
  const tricky = '{"__proto__":{"KeyId":"x"},"constructor":{"prototype":{"KeyId":"x"}}}'
  assert.deepEqual(readInput('ListAliases', encoder.encode(tricky)), {})
  assert.deepEqual(
    refusal(() => readInput('DescribeKey', encoder.encode(tricky))).message,
    "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
  )
  assert.equal(({} as Record<string, unknown>)['KeyId'], undefined)
})

test('fractions of whole numbers are cut off', () => {
  assert.deepEqual(read('GenerateRandom', { NumberOfBytes: 32.9 }), { NumberOfBytes: 32 })
})

/** Operation, input, and what stands behind `failed to satisfy constraint: ` after each value. */
const violations: readonly (readonly [AwsOperation, unknown, ...string[]])[] = [
  [
    'GenerateRandom',
    { NumberOfBytes: 0 },
    "Value '0' at 'numberOfBytes' | Member must have value greater than or equal to 1",
  ],
  [
    'GenerateRandom',
    { NumberOfBytes: -0.5 },
    "Value '0' at 'numberOfBytes' | Member must have value greater than or equal to 1",
  ],
  [
    'GenerateRandom',
    { NumberOfBytes: 1025 },
    "Value '1025' at 'numberOfBytes' | Member must have value less than or equal to 1024",
  ],
  ['DescribeKey', {}, "Value null at 'keyId' | Member must not be null"],
  [
    'DescribeKey',
    { KeyId: '' },
    "Value '' at 'keyId' | Member must have length greater than or equal to 1",
  ],
  [
    'Encrypt',
    { KeyId: key, Plaintext: '' },
    "Value at 'plaintext' | Member must have length greater than or equal to 1",
  ],
  [
    'Encrypt',
    { KeyId: key, Plaintext: Buffer.alloc(4_097).toString('base64') },
    "Value at 'plaintext' | Member must have length less than or equal to 4096",
  ],
  [
    'Decrypt',
    { CiphertextBlob: Buffer.alloc(6_145).toString('base64') },
    "Value at 'ciphertextBlob' | Member must have length less than or equal to 6144",
  ],
  [
    'Sign',
    {},
    "Value null at 'keyId' | Member must not be null",
    "Value at 'message' | Member must not be null",
    "Value null at 'signingAlgorithm' | Member must not be null",
  ],
  [
    'GenerateDataKey',
    { KeyId: key, KeySpec: 'AES_512', NumberOfBytes: 2_000 },
    "Value '2000' at 'numberOfBytes' | Member must have value less than or equal to 1024",
    `Value 'AES_512' at 'keySpec' | Member must satisfy enum value set: ${specs}`,
  ],
  [
    'CreateAlias',
    { AliasName: 'alias/ä', TargetKeyId: key },
    "Value 'alias/ä' at 'aliasName' | Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
  ],
  [
    'CreateAlias',
    { AliasName: 'alias/x\n', TargetKeyId: key },
    "Value 'alias/x\n' at 'aliasName' | Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
  ],
  [
    'PutKeyPolicy',
    { KeyId: key, Policy: 'Ā' },
    String.raw`Value 'Ā' at 'policy' | Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`,
  ],
  [
    'TagResource',
    { KeyId: key, Tags: [{ TagKey: '', TagValue: 'x' }, { TagKey: 'y' }] },
    "Value '' at 'tags.1.member.tagKey' | Member must have length greater than or equal to 1",
    "Value null at 'tags.2.member.tagValue' | Member must not be null",
  ],
  [
    'TagResource',
    { KeyId: key, Tags: [null] },
    "Value '[null]' at 'tags' | Member must satisfy constraint: [Member must not be null]",
  ],
  [
    'UntagResource',
    { KeyId: key, TagKeys: ['ok', ''] },
    "Value '[ok, ]' at 'tagKeys' | Member must satisfy constraint: [Member must have length less than or equal to 128, " +
      'Member must have length greater than or equal to 1]',
  ],
  [
    'Decrypt',
    { DryRunModifiers: ['IGNORE_CIPHERTEXT', 'IGNORE_KEY'] },
    "Value '[IGNORE_CIPHERTEXT, IGNORE_KEY]' at 'dryRunModifiers' | " +
      'Member must satisfy constraint: [Member must satisfy enum value set: [IGNORE_CIPHERTEXT]]',
  ],
  [
    'GetPublicKey',
    { KeyId: key, GrantTokens: Array.from('abcdefghijk') },
    "Value '[a, b, c, d, e, f, g, h, i, j, k]' at 'grantTokens' | Member must have length less than or equal to 10",
  ],
  [
    'CreateGrant',
    { KeyId: key, Operations: ['Sign'], Constraints: { SourceArn: 'arn:aws:x' } },
    "Value 'arn:aws:x' at 'constraints.sourceArn' | Member must have length greater than or equal to 20",
    "Value 'arn:aws:x' at 'constraints.sourceArn' | Member must satisfy regular expression pattern: " +
      '^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$',
  ],
  [
    'CreateCustomKeyStore',
    { CustomKeyStoreName: 'x', KeyStorePassword: 'short' },
    "Value at 'keyStorePassword' | Member must have length greater than or equal to 7",
  ],
  [
    'Encrypt',
    { KeyId: key, Plaintext: 'AA==', EncryptionContext: { a: null } },
    "Value at 'encryptionContext' | Map value must not be null",
  ],
]

for (const [operation, input, ...expected] of violations) {
  test(`${operation} ${JSON.stringify(input).slice(0, 80)}`, () => {
    const { type, status, message } = refusal(() => read(operation, input))
    const told = expected.map((each) => each.replace(' | ', ' failed to satisfy constraint: '))
    const count = `${told.length} validation error${told.length === 1 ? '' : 's'} detected: `
    assert.deepEqual([type, status, message], ['ValidationException', 400, count + told.join('; ')])
  })
}

test('of many violations some are told, so that an answer is not many times its request', () => {
  const { type, message } = refusal(() =>
    readInput('TagResource', encoder.encode(`{"KeyId":"x","Tags":[${'{},'.repeat(300_000)}{}]}`)),
  )
  assert.equal(type, 'ValidationException')
  assert.match(message, /^100 validation errors detected: Value null at 'tags\.1\.member\.tagKey'/)
  assert.ok(message.length < 20_000)
})

test('a pair of a context is never dropped silently', () => {
  const body = `{"KeyId":"${key}","Plaintext":"AA==","EncryptionContext":{"__proto__":"x"}}`
  assert.equal(
    refusal(() => readInput('Encrypt', encoder.encode(body))).message,
    "1 validation error detected: Value at 'encryptionContext' failed to satisfy constraint: Map key must not be __proto__",
  )
  assert.deepEqual(
    read('Encrypt', { KeyId: key, Plaintext: 'AA==', EncryptionContext: { constructor: 'x' } }),
    { KeyId: key, Plaintext: Uint8Array.of(0), EncryptionContext: { constructor: 'x' } },
  )
})

test('lengths are in code points', () => {
  const limit = '\u{1F511}'.repeat(128)
  assert.ok(read('UntagResource', { KeyId: key, TagKeys: [limit] }))
  assert.equal(
    refusal(() => read('UntagResource', { KeyId: key, TagKeys: [`${limit}x`] })).type,
    'ValidationException',
  )
})

test('a long value is cut in the message', () => {
  const { message } = refusal(() => read('DescribeKey', { KeyId: 'x'.repeat(100_000) }))
  assert.ok(message.length < 3_000)
  assert.match(message, /x\.\.\.' at 'keyId'/)
})

/** JSON types: operation, input, text. */
const wrongTypes: readonly (readonly [AwsOperation, unknown, string])[] = [
  ['DescribeKey', { KeyId: 1 }, 'NUMBER_VALUE can not be converted to a String'],
  ['DescribeKey', { KeyId: true }, 'TRUE_VALUE can not be converted to a String'],
  ['DescribeKey', { KeyId: [] }, 'Start of list found where not expected'],
  ['DescribeKey', { KeyId: {} }, 'Start of structure or map found where not expected.'],
  ['DescribeKey', { KeyId: '\ud800' }, 'STRING_VALUE is not well-formed Unicode'],
  ['GenerateRandom', { NumberOfBytes: '1' }, 'STRING_VALUE can not be converted to an Integer'],
  ['GenerateRandom', { NumberOfBytes: false }, 'FALSE_VALUE can not be converted to an Integer'],
  ['CreateKey', { MultiRegion: 'true' }, 'STRING_VALUE can not be converted to an Boolean'],
  ['CreateKey', { MultiRegion: 1 }, 'NUMBER_VALUE can not be converted to an Boolean'],
  ['CreateKey', { Tags: {} }, 'Start of structure or map found where not expected.'],
  ['CreateKey', { Tags: 'x' }, 'Expected list or null'],
  ['CreateKey', { Tags: [[]] }, 'Start of list found where not expected'],
  ['CreateKey', { Tags: ['x'] }, 'Expected null'],
  ['Decrypt', { Recipient: 'x' }, 'Expected null'],
  ['Decrypt', { Recipient: [] }, 'Start of list found where not expected'],
  ['Decrypt', { EncryptionContext: [] }, 'Start of list found where not expected'],
  ['Decrypt', { EncryptionContext: 'x' }, 'Expected map or null'],
  ['Decrypt', { EncryptionContext: { a: 1 } }, 'NUMBER_VALUE can not be converted to a String'],
  ['Decrypt', { EncryptionContext: { '\udfff': 'x' } }, 'STRING_VALUE is not well-formed Unicode'],
  ['Decrypt', { CiphertextBlob: 1 }, 'NUMBER_VALUE can not be converted to a Blob'],
  ['ImportKeyMaterial', { ValidTo: 'x' }, 'STRING_VALUE can not be converted to a Timestamp'],
  ['ImportKeyMaterial', { ValidTo: 1e300 }, 'NUMBER_VALUE can not be converted to a Timestamp'],
  ['ListKeys', [], 'Start of list found where not expected'],
  ['ListKeys', 'x', 'Expected null'],
  ['ListKeys', null, 'The body is not a JSON object'],
]

for (const [operation, input, text] of wrongTypes) {
  test(`${operation} ${JSON.stringify(input)}`, () => {
    const { type, message } = refusal(() => read(operation, input))
    assert.deepEqual([type, message], ['SerializationException', text])
  })
}

test('base64 has one spelling, and is never repeated', () => {
  const spellings = [
    'QQ',
    'QQ=',
    'QR==',
    'QUJ=',
    'QQ==QQ==',
    '-_-_',
    'QU I=',
    'QUJD\n',
    '=',
    'ÄÖÜ=',
  ]
  for (const CiphertextBlob of spellings) {
    const { type, message } = refusal(() => read('Decrypt', { CiphertextBlob }))
    assert.deepEqual(
      [type, message],
      [
        'SerializationException',
        'STRING_VALUE can not be converted to a Blob: it is not standard base64',
      ],
    )
  }
})

test('what is no JSON is refused without repeating it', () => {
  const bodies = ['', '{', '{"KeyId":secret}', '\ufeff{}', '{} {}', "{'KeyId':'x'}"]
  for (const body of bodies) {
    const { type, message } = refusal(() => readInput('ListKeys', encoder.encode(body)))
    assert.deepEqual([type, message], ['SerializationException', 'The body is not JSON'])
  }
  const { message } = refusal(() => readInput('ListKeys', Uint8Array.of(0x7b, 0xff, 0x7d)))
  assert.equal(message, 'The body is not UTF-8')
})

test('size and depth are bounded', () => {
  const deep = (levels: number) =>
    encoder.encode(`{"x":${'['.repeat(levels)}${']'.repeat(levels)}}`)
  assert.deepEqual(readInput('ListKeys', deep(63)), {})
  assert.equal(
    refusal(() => readInput('ListKeys', deep(64))).message,
    'The body has more than 64 levels',
  )
  assert.equal(refusal(() => readInput('ListKeys', deep(400_000))).type, 'SerializationException')
  // Openings inside of strings and next to each other are no levels.
  const wide = { x: ['{['.repeat(500), '\\"[', ...Array.from({ length: 200 }, () => [])] }
  assert.deepEqual(read('ListKeys', wide), {})
  const fits = encoder.encode(`{}${' '.repeat(BODY_BYTES_MAX - 2)}`)
  assert.deepEqual(readInput('ListKeys', fits), {})
  assert.equal(
    refusal(() => readInput('ListKeys', new Uint8Array(BODY_BYTES_MAX + 1))).type,
    'RequestEntityTooLargeException',
  )
})
