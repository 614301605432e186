import { encrypt, equals, get, startConditions } from './condition-cases.ts'

/** The condition keys of what is done to keys: material, rotation, regions, policies, grants and labels. */

const { account, policyWith, testCases } = await startConditions()
const anyPolicy = policyWith({ Bool: { 'aws:ViaAWSService': 'false' } })

testCases({
  'how material travels in': {
    condition: {
      ...equals('kms:WrappingAlgorithm', 'RSA_AES_KEY_WRAP_SHA_256'),
      StringLike: { 'kms:WrappingKeySpec': 'RSA_3072' },
    },
    key: { origin: 'imported' },
    allowed: [['key.importParameters', { wrapping: 'rsa-oaep-sha-256+aes-256-kwp', bits: 3_072 }]],
    denied: [
      ['key.importParameters', { wrapping: 'rsa-oaep-sha-256', bits: 3_072 }],
      ['key.importParameters', { wrapping: 'rsa-oaep-sha-256+aes-256-kwp', bits: 4_096 }],
    ],
  },
  'material that expires, and soon': {
    condition: {
      ...equals('kms:ExpirationModel', 'KEY_MATERIAL_EXPIRES'),
      DateLessThan: { 'kms:ValidTo': '2026-07-01T00:00:00Z' },
    },
    key: { origin: 'imported' },
    allowed: [['key.import', imported('2026-06-15T00:00:00Z')]],
    denied: [
      ['key.import', imported('2026-07-15T00:00:00Z')],
      ['key.import', imported(undefined)],
    ],
  },
  'how often a key is rotated': {
    condition: { NumericLessThanEquals: { 'kms:RotationPeriodInDays': '180' } },
    allowed: [['key.autoRotate', { days: 180 }]],
    denied: [
      ['key.autoRotate', { days: 181 }],
      ['key.autoRotate', { off: true }],
    ],
  },
  'how long a key can be restored': {
    condition: { NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '30' } },
    allowed: [['key.destroy', { days: 30 }]],
    denied: [['key.destroy', { days: 29 }]],
  },
  'where a key is replicated to': {
    condition: equals('kms:ReplicaRegion', 'there'),
    key: { region: 'here', multiRegion: true },
    allowed: [],
    denied: [['key.replicate', { region: 'elsewhere' }]],
  },
  'where the primary key goes': {
    condition: equals('kms:PrimaryRegion', 'there'),
    key: { region: 'here', multiRegion: true },
    allowed: [['key.setPrimary', { region: 'there' }, 'not_found']],
    denied: [['key.setPrimary', { region: 'elsewhere' }]],
  },
  'putting a policy without the check': {
    condition: { Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'false' } },
    allowed: [['policy.put', { policy: anyPolicy }]],
    denied: [['policy.put', { policy: anyPolicy, bypassPolicyLockoutCheck: true }], get],
  },
  'who is given a grant': {
    condition: {
      ArnLike: { 'kms:GranteePrincipal': `arn:aws:iam::${account}:user/team-*` },
      'ForAllValues:StringEquals': { 'kms:GrantOperations': ['Encrypt', 'Decrypt'] },
    },
    allowed: [
      ['grant.create', { grantee: 'team-a', operations: ['Encrypt'] }],
      ['grant.create', { grantee: `arn:aws:iam::${account}:user/team-b`, operations: ['Decrypt'] }],
    ],
    denied: [
      ['grant.create', { grantee: 'others', operations: ['Encrypt'] }],
      ['grant.create', { grantee: 'team-a', operations: ['Encrypt', 'DescribeKey'] }],
    ],
  },
  'who may retire a grant, and under which constraint': {
    condition: {
      ArnEquals: { 'kms:RetiringPrincipal': `arn:aws:iam::${account}:user/clerk` },
      ...equals('kms:GrantConstraintType', 'EncryptionContextEquals'),
    },
    allowed: [['grant.create', granting('clerk', { equals: { a: 'b' } })]],
    denied: [
      ['grant.create', granting('others', { equals: { a: 'b' } })],
      ['grant.create', granting('clerk', { subset: { a: 'b' } })],
      ['grant.create', { grantee: 'team-a', operations: ['Encrypt'] }],
    ],
  },
  'grants for resources of AWS': {
    condition: { Bool: { 'kms:GrantIsForAWSResource': 'false' } },
    allowed: [
      ['grant.create', { grantee: 'team-a', operations: ['Encrypt'] }],
      ['grant.list', { limit: 10 }],
    ],
    denied: [get],
  },
  'the labels of a key': {
    condition: equals('aws:ResourceTag/Stage', 'live'),
    key: { labels: { stage: 'live' } },
    allowed: [encrypt],
    denied: [],
  },
  'other labels': {
    condition: equals('aws:ResourceTag/stage', 'live'),
    key: { labels: { stage: 'test' } },
    allowed: [],
    denied: [encrypt],
  },
  'labels that are put on': {
    condition: {
      ...equals('aws:RequestTag/stage', 'live'),
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['stage', 'team'] },
    },
    allowed: [
      ['key.label', { set: { stage: 'live' } }],
      ['key.update', { labels: { stage: 'live', team: 'a' } }],
    ],
    denied: [
      ['key.label', { set: { stage: 'test' } }],
      ['key.label', { set: { stage: 'live' }, remove: ['owner'] }],
      ['key.update', { labels: { stage: 'live', owner: 'a' } }],
    ],
  },
})

function imported(expiresAt: string | undefined) {
  return {
    algorithm: 'AES-256-GCM',
    exportable: false,
    unsafePlaintext: Buffer.alloc(32, 7),
    ...(expiresAt === undefined ? {} : { materialExpiresAt: Date.parse(expiresAt) }),
  }
}

function granting(retiring: string, constraints: object) {
  return { grantee: 'team-a', retiring, operations: ['Encrypt'], constraints }
}
