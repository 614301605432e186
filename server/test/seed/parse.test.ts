import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSeed, SeedError } from '../../src/seed.ts'

/** Seed files: what they say, and where a mistake is. */

const ID = 'bc436485-5092-42b8-92a3-0aa8b93536dc'

function problemOf(content: string): string {
  try {
    parseSeed('seed.yaml', content)
  } catch (error) {
    assert.ok(error instanceof SeedError)
    return error.message
  }
  throw new Error('the file was accepted')
}

test('an empty file is a seed that adds nothing', () => {
  for (const content of ['', '# nothing\n', '{}\n']) {
    const { account, keys, principals } = parseSeed('seed.yaml', content)
    assert.deepEqual(
      { account, keys, principals },
      { account: undefined, keys: [], principals: [] },
    )
  }
})

test('defaults are filled in, and names of AWS become ours', () => {
  const { keys, principals } = parseSeed(
    'seed.yaml',
    `keys:
  - id: mrk-1234abcd12ab34cd56ef1234567890ab
    region: eu-west-1
    aliases: [alias/a, b]
    policy: { Version: '2012-10-17' }
principals:
  - name: app
    roles: [{ role: signer }, { role: decrypter, on: key:alias/a }]
`,
  )
  assert.deepEqual(keys, [
    {
      id: '1234abcd-12ab-34cd-56ef-1234567890ab',
      algorithm: 'AES-256-GCM',
      aliases: ['a', 'b'],
      region: 'eu-west-1',
      multiRegion: true,
      policy: '{"Version":"2012-10-17"}',
      line: 2,
    },
  ])
  assert.deepEqual(principals, [
    {
      name: 'app',
      kind: 'service',
      roles: [
        { role: 'signer', scope: { kind: 'tenant' } },
        { role: 'decrypter', scope: { kind: 'key', key: 'a' } },
      ],
      accessKeys: [],
      line: 7,
    },
  ])
})

test('material is base64 or PEM', () => {
  const material = (given: string) =>
    parseSeed('seed.yaml', `keys: [{ id: ${ID}, material: ${JSON.stringify(given)} }]`).keys[0]
      ?.material
  assert.deepEqual(material('AAEC'), Uint8Array.of(0, 1, 2))
  const pem = '-----BEGIN PRIVATE KEY-----\nAAEC\nAwQF\n-----END PRIVATE KEY-----\n'
  assert.deepEqual(material(pem), Uint8Array.of(0, 1, 2, 3, 4, 5))
})

test('a mistake is told with its line, and no secret is', () => {
  const table: readonly (readonly [content: string, problem: RegExp])[] = [
    ['keys:\n  - id: [\n', /^seed\.yaml:\d+: /],
    ['account: 000000000000\n', /^seed\.yaml:1: account: must be twelve digits; put it in quotes$/],
    [`account: '12'\n`, /^seed\.yaml:1: account: must be twelve digits$/],
    [`\nkeyz: []\n`, /^seed\.yaml:2: keyz: /],
    [`keys:\n  - aliases: [a]\n`, /^seed\.yaml:2: keys\.0\.id: must be a UUID/],
    [`keys:\n  - id: ${ID}\n    usages: sign\n`, /^seed\.yaml:3: keys\.0\.usages: /],
    [`keys:\n  - id: ${ID.toUpperCase()}\n`, /^seed\.yaml:2: keys\.0\.id: must be a lower-case/],
    [
      'keys:\n\n  - id: mrk-1234abcd12ab34cd56ef1234567890ab\n',
      /^seed\.yaml:3: keys\.0\.id: .*region$/,
    ],
    [
      `keys:\n  - id: ${ID}\n    aliases:\n      - a\n      - b c\n`,
      /^seed\.yaml:5: keys\.0\.aliases\.1: /,
    ],
    [
      `keys:\n  - id: ${ID}\n    material: secret!\n`,
      /^seed\.yaml:3: keys\.0\.material: must be base64/,
    ],
    [
      `keys:\n  - id: ${ID}\n    material: ''\n`,
      /^seed\.yaml:3: keys\.0\.material: must be base64/,
    ],
    [`keys:\n  - id: ${ID}\n    id: ${ID}\n`, /^seed\.yaml:3: /],
    [
      'principals:\n  - name: a\n    roles: [{ role: king }]\n',
      /^seed\.yaml:3: .*must be one of owner/,
    ],
    [
      'principals:\n  - name: a\n    roles:\n      - { role: owner, on: shop }\n',
      /^seed\.yaml:4: .*must be tenant/,
    ],
    [
      'principals:\n  - name: a\n    accessKeys:\n      - id: AKIAIOSFODNN7EXAMPLE\n        secret: short!\n',
      /^seed\.yaml:5: principals\.0\.accessKeys\.0\.secret: must have 16/,
    ],
    [
      'principals:\n  - name: a\n    accessKeys:\n      - id: ASIAIOSFODNN7EXAMPLE\n        secret: secret!secret!secret!\n',
      /^seed\.yaml:4: principals\.0\.accessKeys\.0\.id: must be AKIA/,
    ],
    [
      'principals:\n  - name: a\n    kind: user\n    accessKeys: [{ id: AKIAIOSFODNN7EXAMPLE, secret: secret!secret!secret! }]\n',
      /^seed\.yaml:4: principals\.0\.accessKeys: must be empty for a person/,
    ],
  ]
  for (const [content, problem] of table) {
    const told = problemOf(content)
    assert.match(told, problem, content)
    assert.doesNotMatch(told, /secret!|short!/)
  }
})

test('aliases of YAML, which can make a small file large, are refused', () => {
  const told = problemOf(`a: &a { env: test }\nkeys:\n  - { id: ${ID}, labels: *a }\n`)
  assert.match(told, /aliases of YAML/)
})
