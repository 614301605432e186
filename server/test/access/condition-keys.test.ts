import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { encrypt, equals, get, plaintext, startConditions } from './condition-cases.ts'

/**
 * Every condition key of AWS KMS that a request here can have, asked of what our own doors take in: a policy allows only under the
 * condition, and with it an operation goes through and without it is denied (AWS KMS Developer Guide, Condition keys for AWS KMS).
 */

const { clock, house, account, arn, name, policyWith, codeOfDeed, testCases } =
  await startConditions()
const other = await house.createKey()
const message = Buffer.from('message')
const peer = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' })

testCases({
  'the spec of a key': {
    condition: equals('kms:KeySpec', 'RSA_2048'),
    key: { algorithm: 'RSA-2048', usage: 'encrypt' },
    allowed: [encrypt, get],
    denied: [],
  },
  'another spec': {
    condition: equals('kms:KeySpec', 'RSA_2048'),
    allowed: [],
    denied: [encrypt, get],
  },
  'the spec by its old name, of a cipher that AWS has no name for': {
    condition: equals('kms:CustomerMasterKeySpec', 'SYMMETRIC_DEFAULT'),
    key: { algorithm: 'ChaCha20-Poly1305' },
    allowed: [encrypt],
    denied: [],
  },
  'a spec that AWS does not have': {
    condition: { Null: { 'kms:KeySpec': 'true' } },
    key: { algorithm: 'X25519' },
    allowed: [get],
    denied: [],
  },
  'the usage of a key': {
    condition: equals('kms:KeyUsage', 'SIGN_VERIFY'),
    key: { algorithm: 'P-256', usage: 'sign' },
    allowed: [['sign', { message }]],
    denied: [],
  },
  'the usage by its old name': {
    condition: equals('kms:CustomerMasterKeyUsage', 'SIGN_VERIFY'),
    allowed: [],
    denied: [encrypt],
  },
  'where the material is from': {
    condition: equals('kms:KeyOrigin', 'AWS_KMS'),
    allowed: [encrypt],
    denied: [],
  },
  'imported material': {
    condition: equals('kms:KeyOrigin', 'EXTERNAL'),
    key: { origin: 'imported' },
    allowed: [get],
    denied: [],
  },
  'keys of one region': {
    condition: { Bool: { 'kms:MultiRegion': 'false' } },
    allowed: [encrypt],
    denied: [],
  },
  'keys of several regions': {
    condition: {
      Bool: { 'kms:MultiRegion': 'true' },
      ...equals('kms:MultiRegionKeyType', 'PRIMARY'),
    },
    key: { region: 'here', multiRegion: true },
    allowed: [encrypt],
    denied: [],
  },
  'an encryption context': {
    condition: equals('kms:EncryptionContext:team', ['a', 'b']),
    allowed: [
      ['encrypt', { plaintext, context: { team: 'a' } }],
      ['datakey', { context: { Team: 'b', part: '1' } }],
      ['datakeyPair', { algorithm: 'P-256', context: { team: 'a' } }],
    ],
    denied: [
      encrypt,
      ['encrypt', { plaintext, context: { team: 'A' } }],
      ['encrypt', { plaintext, context: { teams: 'a' } }],
      ['encrypt', { plaintext, context: { team: 'a', TEAM: 'c' } }],
      get,
    ],
  },
  'the names in an encryption context': {
    condition: { 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['team', 'part'] } },
    allowed: [
      ['encrypt', { plaintext, context: { team: 'a' } }],
      ['encrypt', { plaintext, context: { team: 'a', part: '1' } }],
      encrypt,
    ],
    denied: [['encrypt', { plaintext, context: { team: 'a', extra: '1' } }]],
  },
  'the encryption algorithm of a symmetric key': {
    condition: equals('kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT'),
    allowed: [encrypt, ['datakey', {}], ['encryptBatch', { items: [{ plaintext }] }]],
    denied: [get],
  },
  'the padding of RSA': {
    condition: equals('kms:EncryptionAlgorithm', 'RSAES_OAEP_SHA_256'),
    key: { algorithm: 'RSA-2048', usage: 'encrypt' },
    allowed: [encrypt, ['encrypt', { plaintext, padding: 'rsa-oaep-sha-256' }]],
    denied: [['encrypt', { plaintext, padding: 'rsa-oaep-sha-1' }]],
  },
  'the scheme of a signature, also where nobody names it': {
    condition: equals('kms:SigningAlgorithm', 'ECDSA_SHA_384'),
    key: { algorithm: 'P-384', usage: 'sign' },
    allowed: [
      ['sign', { message, scheme: 'ecdsa-sha-384' }],
      ['sign', { message }],
    ],
    denied: [['sign', { message, scheme: 'ecdsa-sha-256' }], get],
  },
  'what is signed': {
    condition: equals('kms:MessageType', 'DIGEST'),
    key: { algorithm: 'P-256', usage: 'sign' },
    allowed: [['sign', { digest: Buffer.alloc(32, 1) }]],
    denied: [['sign', { message }]],
  },
  'a message whole': {
    condition: equals('kms:MessageType', 'RAW'),
    key: { algorithm: 'ML-DSA-44' },
    allowed: [['sign', { message }]],
    denied: [['sign', { mu: Buffer.alloc(64, 1) }]],
  },
  'the algorithm of a code': {
    condition: equals('kms:MacAlgorithm', 'HMAC_SHA_384'),
    key: { algorithm: 'HMAC-SHA-384' },
    allowed: [
      ['mac', { message }],
      ['verifyMac', { message, mac: Buffer.alloc(48) }],
    ],
    denied: [get],
  },
  'how a secret is agreed on': {
    condition: equals('kms:KeyAgreementAlgorithm', 'ECDH'),
    key: { algorithm: 'X25519' },
    allowed: [['agree', { publicKey: peer }]],
    denied: [get],
  },
  'the pairs that are made under a key': {
    condition: equals('kms:DataKeyPairSpec', 'ECC_NIST_P256'),
    allowed: [['datakeyPair', { algorithm: 'P-256' }]],
    denied: [
      ['datakeyPair', { algorithm: 'P-384' }],
      ['datakey', {}],
    ],
  },
  'staying under the same key': {
    condition: { Bool: { 'kms:ReEncryptOnSameKey': 'true' } },
    allowed: [
      ['reencrypt', {}],
      ['reencrypt', { key: 'SAME' }],
      ['reencrypt', { sourceKey: 'SAME' }],
    ],
    denied: [['reencrypt', { key: other.id }], encrypt],
  },
  'the name a key was asked for by': {
    condition: equals('kms:RequestAlias', 'alias/payroll'),
    key: { alias: 'payroll' },
    allowed: [['encrypt', { key: 'payroll', plaintext }]],
    denied: [encrypt],
  },
  'the names that a key has': {
    condition: { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/team-*' } },
    key: { alias: 'team-a' },
    allowed: [encrypt, ['encrypt', { key: 'team-a', plaintext }]],
    denied: [],
  },
  'no such name': {
    condition: { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/team-*' } },
    key: { alias: 'others' },
    allowed: [],
    denied: [encrypt],
  },
  'no name at all': {
    condition: { Null: { 'kms:ResourceAliases': 'true' } },
    allowed: [encrypt],
    denied: [],
  },
})

// What every request says.
testCases({
  'from where': {
    condition: { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } },
    allowed: [encrypt],
    denied: [],
  },
  'from elsewhere': {
    condition: { NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' } },
    allowed: [],
    denied: [encrypt],
  },
  'until when': {
    condition: {
      DateLessThan: { 'aws:CurrentTime': '2026-06-01T12:00:01Z' },
      NumericGreaterThan: { 'aws:EpochTime': '1' },
    },
    allowed: [encrypt],
    denied: [],
  },
  'not any more': {
    condition: { DateLessThan: { 'aws:CurrentTime': '2026-06-01T12:00:00Z' } },
    allowed: [],
    denied: [encrypt],
  },
  'a connection of which nothing is known': {
    condition: { Bool: { 'aws:SecureTransport': 'true' } },
    allowed: [],
    denied: [encrypt],
  },
  'on behalf of a service': {
    condition: { Bool: { 'aws:ViaAWSService': 'false' }, Null: { 'kms:ViaService': 'true' } },
    allowed: [encrypt],
    denied: [],
  },
  'who asks': {
    condition: {
      ...equals('kms:CallerAccount', account),
      ArnEquals: { 'aws:PrincipalArn': arn },
      StringLike: { 'aws:username': name },
    },
    allowed: [encrypt],
    denied: [],
  },
})

test('a name that is hidden in escapes is looked up all the same', async () => {
  const escaped = policyWith({
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/escaped' },
  }).replace('kms:ResourceAliases', String.raw`\u006bms:Resource\u0041liases`)
  const { id: key } = await house.createKey({ alias: 'escaped', policy: escaped })
  assert.equal(await codeOfDeed(key, encrypt), 'ok')
  await house.perform('alias.delete', { alias: 'escaped' })
  assert.equal(await codeOfDeed(key, encrypt), 'forbidden')
})

test('time goes on: what a condition allowed is denied when its time is over', async () => {
  const until = new Date(clock.now() + 1_000).toISOString()
  const policy = policyWith({ DateLessThan: { 'aws:CurrentTime': until } })
  const { id: key } = await house.createKey({ policy })
  assert.equal(await codeOfDeed(key, encrypt), 'ok')
  clock.advance(1_000)
  assert.equal(await codeOfDeed(key, encrypt), 'forbidden')
})

test('a variable that every object has is none of a request', async () => {
  for (const name of ['constructor', '__proto__', 'toString', 'aws:__proto__']) {
    const policy = policyWith({ StringLike: { 'kms:KeySpec': '${' + name + '}' } })
    const { id: key } = await house.createKey({ policy })
    assert.equal(await codeOfDeed(key, encrypt), 'forbidden')
  }
})

test('who would lock themselves out by a name that the key has is told, and who keeps access by it is let', async () => {
  const { id: key } = await house.createKey({ alias: 'keeps' })
  const having = (name: string) =>
    policyWith({ 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${name}` } })
  const put = (policy: string) => codeOfDeed(key, ['policy.put', { policy }])
  assert.equal(await put(having('keeps')), 'forbidden')
  await house.perform('policy.put', {
    key,
    policy: policyWith({ StringLike: { 'aws:username': '*' } }),
  })
  assert.equal(await put(having('others')), 'invalid_request')
  assert.equal(await put(having('keeps')), 'ok')
})
