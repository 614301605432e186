import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  aliasArn,
  aliasNotFound,
  keyArn,
  keyNotFound,
  multiRegionId,
  parseKeyReference,
  readAliasName,
  readKeyReference,
  sharedUuid,
} from '#aws'
import { refusal } from './refusal.ts'

const place = { region: 'eu-central-1', account: '111122223333' }
const uuid = '1234abcd-12ab-34cd-56ef-1234567890ab'
const mrk = 'mrk-1234abcd12ab34cd56ef1234567890ab'

test('the forms of a reference', () => {
  const arn = 'arn:aws:kms:eu-central-1:111122223333'
  const table: readonly (readonly [string, unknown])[] = [
    [uuid, { kind: 'id', id: uuid }],
    [mrk, { kind: 'id', id: mrk }],
    [`${arn}:key/${uuid}`, { kind: 'id', id: uuid, ...place }],
    [`${arn}:key/${mrk}`, { kind: 'id', id: mrk, ...place }],
    ['alias/orders/2026', { kind: 'alias', alias: 'orders/2026' }],
    [`${arn}:alias/aws/s3`, { kind: 'alias', alias: 'aws/s3', ...place }],
    [
      `arn:aws-cn:kms:cn-north-1:111122223333:key/${uuid}`,
      { kind: 'id', id: uuid, region: 'cn-north-1', account: place.account },
    ],
    ['', undefined],
    ['orders', undefined],
    ['alias/', undefined],
    ['alias/ä', undefined],
    ['alias/x\n', undefined],
    [uuid.replaceAll('-', ''), undefined],
    [uuid.toUpperCase(), undefined],
    [`mrk-${uuid}`, undefined],
    [`${uuid}\n`, undefined],
    [`key/${uuid}`, undefined],
    [`${arn}:key/alias/x`, undefined],
    [`${arn}:alias/`, undefined],
    [`${arn}:${uuid}`, undefined],
    [`arn:aws:s3:eu-central-1:111122223333:key/${uuid}`, undefined],
    [`arn:aws:kms:eu-central-1:1111:key/${uuid}`, undefined],
    [`arn:aws:kms::111122223333:key/${uuid}`, undefined],
  ]
  for (const [text, expected] of table) assert.deepEqual(parseKeyReference(text), expected, text)
})

test('what leads nowhere, in the words of AWS', () => {
  const other = { ...place, region: 'ap-southeast-1' }
  const table: readonly (readonly [string, 'aliases' | 'no aliases', string])[] = [
    ['fake-key-id', 'aliases', "Invalid keyId 'fake-key-id'"],
    [
      '134f2428cec14b25a1ae9048164dba47',
      'aliases',
      "Invalid keyId '134f2428cec14b25a1ae9048164dba47'",
    ],
    ['mrk-fake-key-id', 'aliases', "Invalid keyId 'mrk-fake-key-id'"],
    ['alias/x', 'no aliases', "Invalid keyId 'alias/x'"],
    [aliasArn(place, 'x'), 'no aliases', `Invalid keyId '${aliasArn(place, 'x')}'`],
    [keyArn(other, uuid), 'aliases', 'Invalid arn ap-southeast-1'],
    [aliasArn(other, 'x'), 'aliases', 'Invalid arn ap-southeast-1'],
    ['arn:aws:kms', 'aliases', 'Invalid arn arn:aws:kms'],
  ]
  for (const [text, aliases, message] of table) {
    const thrown = refusal(() => readKeyReference(text, place, aliases))
    assert.deepEqual([thrown.type, thrown.message], ['NotFoundException', message])
  }
  assert.deepEqual(readKeyReference('alias/x', place, 'aliases'), { kind: 'alias', alias: 'x' })
  assert.equal(readKeyReference(keyArn(place, uuid), place, 'no aliases').kind, 'id')
  assert.equal(
    keyNotFound(keyArn(place, mrk)).message,
    `Key 'arn:aws:kms:eu-central-1:111122223333:key/${mrk}' does not exist`,
  )
  assert.equal(
    aliasNotFound(aliasArn(place, 'x')).message,
    'Alias arn:aws:kms:eu-central-1:111122223333:alias/x is not found.',
  )
})

test('names of aliases begin with alias/', () => {
  assert.equal(readAliasName('alias/x'), 'x')
  for (const name of ['x', 'alias', 'alias/', 'Alias/x']) {
    const thrown = refusal(() => readAliasName(name))
    assert.equal(thrown.type, 'ValidationException')
    assert.equal(
      thrown.message,
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    )
  }
})

const region = fc.stringMatching(/^[a-z]{2}-[a-z]{4,9}-\d$/)
const account = fc.stringMatching(/^\d{12}$/)
const id = fc.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
const alias = fc.stringMatching(/^[a-zA-Z0-9:/_-]{1,60}$/)

test('what was written is read', () => {
  fc.assert(
    fc.property(fc.record({ region, account }), id, alias, (where, uuid, name) => {
      assert.deepEqual(parseKeyReference(keyArn(where, uuid)), { kind: 'id', id: uuid, ...where })
      assert.deepEqual(parseKeyReference(aliasArn(where, name)), {
        kind: 'alias',
        alias: name,
        ...where,
      })
      assert.equal(sharedUuid(multiRegionId(uuid)), uuid)
      assert.deepEqual(parseKeyReference(multiRegionId(uuid)), {
        kind: 'id',
        id: multiRegionId(uuid),
      })
    }),
  )
})

test('only ids of multi-Region keys have a shared UUID', () => {
  assert.equal(sharedUuid(mrk), uuid)
  for (const text of [uuid, 'mrk-', `${mrk}0`, mrk.toUpperCase()])
    assert.equal(sharedUuid(text), undefined)
})
