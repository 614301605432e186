import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HmacSha256Key } from '#crypto'
import {
  deriveSigningKey,
  invocationOf,
  readSignature,
  SignatureError,
  verifySignature,
  type SignedRequest,
} from '../../../src/access/sigv4/index.ts'
import {
  accept,
  authorizationOf,
  KMS_HEADERS,
  SECRET,
  signed,
  TIME,
  withHeaders,
  type Draft,
} from './signer.ts'

/** Whether the request is refused, and for nothing but its signature. */
function refused(request: SignedRequest): boolean {
  try {
    accept(request)
    return false
  } catch (thrown) {
    assert.ok(thrown instanceof SignatureError, String(thrown))
    return true
  }
}

const letters = fc.string({ unit: fc.constantFrom(...'abzAZ09-._~'), maxLength: 8 })
const printable = fc.string({ unit: 'grapheme-ascii', maxLength: 20 })
/** A segment as a client sends it: percent-encoded, and not one that clients resolve. */
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
  .map((name) => encodeURIComponent(name))
  .filter((name) => !/^\.+$/.test(name))
const path = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom('', '/'))
  .map(([segments, end]) => (segments.length === 0 ? '/' : `/${segments.join('/')}${end}`))
const query = fc.array(fc.tuple(fc.oneof(letters, printable), fc.oneof(letters, printable)), {
  maxLength: 4,
})
/** No blanks at the ends: Node's parser takes them away before a door sees them. */
const value = printable.map((text) => text.trim())
const headers = fc.dictionary(
  fc.string({ unit: fc.constantFrom(...'abcxyz-'), minLength: 1, maxLength: 6 }).map((name) => {
    return `x-${name}`
  }),
  value,
  { maxKeys: 4, noNullPrototype: true },
)

const draft: fc.Arbitrary<Draft> = fc.record(
  {
    method: fc.constantFrom('POST', 'GET'),
    path,
    query,
    headers: headers.map((extra) => ({ ...extra, ...KMS_HEADERS })),
    body: fc.uint8Array({ maxLength: 100 }),
    service: fc.constantFrom('kms', 'sts'),
    sessionToken: fc.stringMatching(/^[A-Za-z0-9+/=]{1,64}$/),
    checksum: fc.boolean(),
  },
  { requiredKeys: ['headers'] },
)

test('what the JavaScript SDK signs is accepted', async () => {
  await fc.assert(
    fc.asyncProperty(draft, async (given) => {
      const request = await signed(given)
      accept(request)
      assert.equal(readSignature(request, ['kms', 'sts']).sessionToken, given.sessionToken)
    }),
  )
})

test('and what is changed of it is refused', async () => {
  const position = fc.nat()
  await fc.assert(
    fc.asyncProperty(draft, position, async (given, at) => {
      const request = await signed(given)
      for (const [name, changed] of changes(request, at)) assert.ok(refused(changed), name)
    }),
  )
})

/** The request with one thing changed, in every way that is not another spelling of the same. */
function* changes(request: SignedRequest, at: number): Generator<[name: string, SignedRequest]> {
  const { method, path, query, body } = request
  yield ['method', { ...request, method: method === 'POST' ? 'PUT' : 'POST' }]
  yield ['path, longer', { ...request, path: `${path}a` }]
  yield ['path, a slash more', { ...request, path: `/${path}` }]
  yield ['path, a byte', { ...request, path: turned(path, 1 + (at % path.length)) }]
  yield ['query, a parameter more', { ...request, query: query === '' ? 'a' : `${query}&a` }]
  if (query !== '') yield ['query, none', { ...request, query: '' }]
  const letter = query.search(/[A-Za-z]/)
  if (letter !== -1 && query[letter - 1] !== '%' && query[letter - 2] !== '%') {
    yield ['query, a byte', { ...request, query: turned(query, letter) }]
  }
  yield ['body, longer', { ...request, body: Buffer.concat([body, Buffer.of(at % 256)]) }]
  if (body.length > 0) {
    const other = Buffer.from(body)
    other[at % body.length] = (other[at % body.length] ?? 0) ^ 1
    yield ['body, a byte', { ...request, body: other }]
    yield ['body, shorter', { ...request, body: body.subarray(1) }]
  }
  yield* headerChanges(request)
}

function* headerChanges(request: SignedRequest): Generator<[name: string, SignedRequest]> {
  const names = readSignature(request, ['kms', 'sts']).signedHeaders
  const list = (signedHeaders: readonly string[], more = {}) =>
    withHeaders(request, {
      authorization: authorizationOf(request).replace(
        /SignedHeaders=[^,]+/,
        `SignedHeaders=${signedHeaders.join(';')}`,
      ),
      ...more,
    })
  for (const name of names) {
    const value = request.headers[name]
    assert.ok(typeof value === 'string')
    yield [`${name}, gone`, withHeaders(request, { [name]: undefined })]
    yield [`${name}, other`, withHeaders(request, { [name]: `${value}a` })]
    yield [`${name}, twice`, withHeaders(request, { [name]: [value, value] })]
    const others = names.filter((other) => other !== name)
    yield [`${name}, not listed`, list(others)]
    yield [`${name}, not listed and other`, list(others, { [name]: `${value}a` })]
  }
  yield ['one more listed', list([...names, 'zz'].toSorted(), { zz: '1' })]
  yield ['list in another order', list(names.toReversed())]
}

/** The text with the character at a position exchanged; with one more at the end if there is none. */
function turned(text: string, at: number): string {
  const other = text[at] === 'x' ? 'y' : 'x'
  return `${text.slice(0, at)}${other}${text.slice(at + 1)}`
}

test('headers that are not signed may change, come and go, except those that are unsafe', async () => {
  const request = await signed({ headers: KMS_HEADERS, checksum: false })
  accept(
    withHeaders(request, {
      'user-agent': 'another',
      'amz-sdk-invocation-id': 'a',
      'amz-sdk-request': 'attempt=2',
      'x-amzn-trace-id': 'Root=1',
      'x-amz-user-agent': 'aws-sdk-php/3',
      accept: '*/*',
    }),
  )
  const { 'x-amz-target': target, ...rest } = KMS_HEADERS
  const untargeted = await signed({ headers: rest })
  accept(untargeted)
  for (const unsafe of [{ 'x-amz-target': target }, { 'x-amz-security-token': 'x' }]) {
    assert.throws(() => accept(withHeaders(untargeted, unsafe)), {
      kind: 'mismatch',
      message: `'${Object.keys(unsafe)[0]}' must be a 'SignedHeader' in the AWS Authorization.`,
    })
  }
})

test('PHP signs no content type, and is served', async () => {
  const { 'content-type': contentType, ...others } = KMS_HEADERS
  accept(await signed({ headers: others, unsigned: { 'content-type': contentType } }))
})

test('the hash of the body, where it is sent, is that of the body', async () => {
  const body = Buffer.from('{}')
  for (const unsigned of [
    'UNSIGNED-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    '0'.repeat(64),
  ]) {
    // As a client signs that believes in it, and unsigned beside a signature that is right.
    for (const place of ['headers', 'unsigned']) {
      const request = await signed({
        body,
        checksum: false,
        [place]: { 'x-amz-content-sha256': unsigned },
      })
      assert.throws(() => accept(request), {
        kind: 'mismatch',
        message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
      })
    }
  }
})

test('blanks in a header count as one, and none at its ends', async () => {
  const request = await signed({ headers: { ...KMS_HEADERS, 'x-note': 'a b' } })
  for (const note of ['a b', '  a   b ', 'a \t b\t', ['a b']]) {
    accept(withHeaders(request, { 'x-note': note }))
  }
  for (const note of ['ab', 'a\u00A0b', 'a b\u00A0', ['a', 'b'], []]) {
    assert.ok(refused(withHeaders(request, { 'x-note': note })))
  }
})

test('several headers of a name are one, in their order, joined with commas', async () => {
  const request = await signed({ headers: { ...KMS_HEADERS, 'x-note': 'b,a' } })
  accept(withHeaders(request, { 'x-note': ['b', 'a'] }))
  accept(withHeaders(request, { 'x-note': [' b ', 'a'] }))
  for (const note of [['a', 'b'], 'b, a', ['b']]) {
    assert.ok(refused(withHeaders(request, { 'x-note': note })))
  }
})

test('a path that clients would resolve first is never what was signed', async () => {
  for (const [sent, alike] of [
    ['/aws', '//aws'],
    ['/aws', '/aws/'],
    ['/aws', '/./aws'],
    ['/aws', '/x/../aws'],
    ['/a%2Fb', '/a/b'],
    ['/a%2Fb', '/a%2fb'],
    ['/a%2Fb', '/a%252Fb'],
    ['/a', '/%61'],
  ] as const) {
    const request = await signed({ path: sent })
    accept(request)
    assert.ok(refused({ ...request, path: alike }), alike)
  }
})

test('spellings of one query are one query', async () => {
  const request = await signed({
    query: [
      ['a', 'x/y z'],
      ['a', 'b=\n'],
      ['a-b', ''],
    ],
  })
  const alike = [
    'a=x%2Fy%20z&a=b%3D%0A&a-b=',
    'a-b&a=b=%0a&a=x%2fy%20z',
    '%61=x/y%20z&a=%62%3d%0A&a-b=',
  ]
  for (const query of alike) accept({ ...request, query })
  const others = [
    '',
    'a=x%2Fy%20z&a=b%3D%0A',
    'a=x%2Fy+z&a=b%3D%0A&a-b=',
    'a=x%252Fy%20z&a=b%3D%0A&a-b=',
    'a=x%2Fy%20z&a=b%3D%0A&a-b=&',
    'a=x%2Fy%20z&a=b%3D%0A&a-b==',
    'a=x%2Fy%20z%26a=b%3D%0A&a-b=',
  ]
  for (const query of others) assert.ok(refused({ ...request, query }), query)
})

test('five minutes to either side, in the words that clients know', async () => {
  const request = await signed()
  accept(request, TIME + 300_000)
  accept(request, TIME - 300_000)
  assert.throws(() => accept(request, TIME + 300_001), {
    kind: 'expired',
    message:
      'Signature expired: 20261124T083015Z is now earlier than 20261124T083015Z (20261124T083515Z - 5 min.)',
  })
  assert.throws(() => accept(request, TIME + 86_400_000), {
    kind: 'expired',
    message:
      'Signature expired: 20261124T083015Z is now earlier than 20261125T082515Z (20261125T083015Z - 5 min.)',
  })
  assert.throws(() => accept(request, TIME - 300_001), {
    kind: 'not-yet-current',
    message:
      'Signature not yet current: 20261124T083015Z is still later than 20261124T083014Z (20261124T082514Z + 5 min.)',
  })
})

test('another secret, another scope, another time', async () => {
  const request = await signed({ headers: KMS_HEADERS })
  const presented = readSignature(request, ['kms'])
  const mismatch = {
    kind: 'mismatch',
    message:
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
      'signing method. Consult the service documentation for details.',
  }
  const scopes = [
    { ...presented, date: '20261123' },
    { ...presented, region: 'eu-central-2' },
    { ...presented, service: 'sts' },
  ]
  for (const key of [
    deriveSigningKey(Buffer.from(`${SECRET} `), presented),
    ...scopes.map((scope) => deriveSigningKey(Buffer.from(SECRET), scope)),
    new HmacSha256Key(Buffer.alloc(32)),
  ]) {
    assert.throws(() => verifySignature(request, presented, key, TIME), mismatch)
  }
  const right = deriveSigningKey(Buffer.from(SECRET), presented)
  for (const other of [...scopes, { ...presented, timestamp: '20261124T083016Z' }]) {
    assert.throws(() => verifySignature(request, other, right, TIME), mismatch)
  }
})

test('a request is verified as it is, also when it is not the one that was read', async () => {
  const request = await signed({ headers: { ...KMS_HEADERS, 'x-note': 'undefined' } })
  const presented = readSignature(request, ['kms'])
  const key = deriveSigningKey(Buffer.from(SECRET), presented)
  verifySignature(request, presented, key, TIME)
  for (const [other, kind] of [
    [withHeaders(request, { 'x-note': undefined }), 'mismatch'],
    [withHeaders(request, { 'x-note': 'a\nb' }), 'incomplete'],
    [{ ...request, method: 'POST\n/' }, 'incomplete'],
    [{ ...request, path: '/\u0130' }, 'incomplete'],
  ] as const) {
    assert.throws(() => verifySignature(other, presented, key, TIME), { kind })
  }
})

test('any other signature is refused', async () => {
  const request = await signed()
  const presented = readSignature(request, ['kms'])
  const key = deriveSigningKey(Buffer.from(SECRET), presented)
  fc.assert(
    fc.property(fc.nat({ max: 63 }), fc.integer({ min: 1, max: 15 }), (at, change) => {
      const digit = Number.parseInt(presented.signature[at] ?? '', 16) ^ change
      const signature = `${presented.signature.slice(0, at)}${digit.toString(16)}${presented.signature.slice(at + 1)}`
      assert.throws(() => verifySignature(request, { ...presented, signature }, key, TIME), {
        kind: 'mismatch',
      })
    }),
  )
})

test('header bytes beyond ASCII are signed as they travel', async () => {
  // The SDK signs text; its UTF-8, byte by byte, is what Node reads as ISO 8859-1.
  const request = await signed({ headers: { ...KMS_HEADERS, 'x-note': 'grün' } })
  const travelled = Buffer.from('grün').toString('latin1')
  accept(withHeaders(request, { 'x-note': travelled }))
  assert.ok(refused(withHeaders(request, { 'x-note': 'grün' })))
})

test("a call's id is read where there is one of a bounded length", async () => {
  const request = await signed()
  const of = (id: string | string[] | undefined) =>
    invocationOf(withHeaders(request, { 'amz-sdk-invocation-id': id }), ['host'])
  assert.equal(of('0f6a'), '0f6a')
  assert.equal(of(['0f6a']), '0f6a')
  for (const none of [undefined, '', [], ['a', 'b'], 'x'.repeat(129)]) {
    assert.equal(of(none), undefined)
  }
})

test("a call's next try is another, unless the client signed which call it is", async () => {
  const request = await signed()
  const of = (attempt: string | string[] | undefined, ...signedHeaders: string[]) =>
    invocationOf(
      withHeaders(request, { 'amz-sdk-invocation-id': '0f6a', 'amz-sdk-request': attempt }),
      signedHeaders,
    )
  for (const second of ['attempt=2', 'attempt=2; max=3', 'ttl=20261130T010203Z; attempt=2; max=3'])
    assert.equal(of(second), '0f6a 2')
  assert.equal(of('attempt=100'), '0f6a 100')
  const first = [undefined, '', 'attempt=1; max=3', 'attempt=1000', 'attempt=x', 'reattempt=2']
  for (const none of [...first, [], ['attempt=2', 'attempt=3']]) assert.equal(of(none), '0f6a')
  assert.equal(of('attempt=2', 'amz-sdk-invocation-id', 'host'), '0f6a')
})
