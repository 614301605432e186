import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  readSignature,
  SignatureError,
  type SignatureFault,
  type SignedRequest,
} from '../../../src/access/sigv4/index.ts'
import {
  ACCESS_KEY,
  accept,
  authorizationOf,
  KMS_HEADERS,
  REGION,
  signed,
  TIME,
  withHeaders,
} from './signer.ts'

const SCOPE = `${ACCESS_KEY}/20261124/${REGION}/kms/aws4_request`
const SIGNATURE = '0123456789abcdef'.repeat(4)
const LIST = 'content-type;host;x-amz-date;x-amz-target'

/** A well-formed request with this Authorization header and these others. */
function request(
  authorization: string | readonly string[] | undefined,
  headers: SignedRequest['headers'] = {},
): SignedRequest {
  return {
    method: 'POST',
    path: '/',
    query: '',
    headers: {
      host: 'localhost:8200',
      'x-amz-date': '20261124T083015Z',
      ...KMS_HEADERS,
      authorization,
      ...headers,
    },
    body: Buffer.from('{}'),
  }
}

/** The usual header, with some of it other than usual. */
function header({ credential = SCOPE, list = LIST, signature = SIGNATURE } = {}): string {
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${list}, Signature=${signature}`
}

function refuses(
  given: SignedRequest,
  kind: SignatureFault,
  message?: string | RegExp,
  name?: string,
): void {
  assert.throws(
    () => readSignature(given, ['kms', 'sts']),
    {
      name: 'SignatureError',
      code: 'unauthenticated',
      kind,
      ...(message === undefined ? {} : { message }),
    },
    name,
  )
}

test('everything of a well-formed header is read', () => {
  assert.deepEqual(readSignature(request(header()), ['kms']), {
    accessKey: ACCESS_KEY,
    date: '20261124',
    region: REGION,
    service: 'kms',
    signedHeaders: LIST.split(';'),
    signature: SIGNATURE,
    timestamp: '20261124T083015Z',
    time: TIME,
    sessionToken: undefined,
  })
})

test('blanks and the order of parameters do not matter', async () => {
  const genuine = await signed({ headers: KMS_HEADERS })
  const parts = authorizationOf(genuine).slice('AWS4-HMAC-SHA256 '.length).split(', ')
  const spellings = [
    parts.join(','),
    parts.join(' , '),
    parts.join(',\t'),
    ` ${parts.join(',  ')} `,
    parts.toReversed().join(', '),
  ]
  for (const spelling of spellings) {
    accept(withHeaders(genuine, { authorization: `AWS4-HMAC-SHA256 ${spelling}` }))
  }
})

test('no signature, or another kind of credential', () => {
  for (const authorization of [
    undefined,
    [],
    '',
    'Bearer clv_x',
    'AWS AKIDEXAMPLE:c2ln',
    'aws4-',
  ]) {
    refuses(request(authorization), 'missing', 'Missing Authentication Token')
  }
})

test('what is missing is named', () => {
  const date = "Authorization header requires existence of a 'X-Amz-Date' header."
  const needs = (name: string) => `Authorization header requires '${name}' parameter.`
  const all = ['Credential', 'Signature', 'SignedHeaders'].map(needs).join(' ')
  const cases: readonly (readonly [string, string])[] = [
    ['AWS4-HMAC-SHA256', all],
    [`AWS4-HMAC-SHA256 Credential=${SCOPE}`, `${needs('Signature')} ${needs('SignedHeaders')}`],
    [`AWS4-HMAC-SHA256 Signature=${SIGNATURE}, SignedHeaders=${LIST}`, needs('Credential')],
    [header({ signature: '' }), needs('Signature')],
    [header({ list: '' }), needs('SignedHeaders')],
  ]
  for (const [authorization, message] of cases) {
    refuses(request(authorization), 'incomplete', message)
    refuses(request(authorization, { 'x-amz-date': undefined }), 'incomplete', `${message} ${date}`)
  }
  refuses(request(header(), { 'x-amz-date': undefined }), 'incomplete', date)
  // Date alone is no time of signing here: every client sends the other.
  const onlyDate = { 'x-amz-date': undefined, date: 'Tue, 24 Nov 2026 08:30:15 GMT' }
  refuses(request(header(), onlyDate), 'incomplete', date)
})

test('headers that are not well formed', () => {
  const algorithm = "Unsupported AWS 'algorithm' (only AWS4-HMAC-SHA256 for now)."
  const pair = 'Authorization header holds something that is not a valid key=value pair.'
  const cases: readonly (readonly [string, string])[] = [
    [header().replace('SHA256', 'SHA512'), algorithm],
    [header().replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'), algorithm],
    [header().replace('SHA256 ', 'SHA256,'), algorithm],
    [`${header()}, Signature=${SIGNATURE}`, pair],
    [`${header()}, Credential=${SCOPE}`, pair],
    [`${header()}, Expires=1`, pair],
    [`${header()},`, pair],
    [`${header()} trailing`, pair],
    [header().replace('Credential=', 'Credential '), pair],
    [header().replace('Credential=', 'credential='), pair],
    [header({ credential: `a b/${SCOPE}` }), pair],
    [header().replaceAll(', ', ' '), pair],
  ]
  for (const [authorization, message] of cases) {
    refuses(request(authorization), 'incomplete', message, authorization)
  }
})

test('times that are not in the basic format, or do not exist', () => {
  const wrong = [
    '2026-11-24T08:30:15Z',
    '20261124T083015',
    '20261124T083015z',
    '20261324T083015Z',
    '20260230T083015Z',
    '20261124T240000Z',
    '20261124T083060Z',
    '20261124T083015Z, 20261124T083015Z',
    '٢٠261124T083015Z',
    '',
  ]
  for (const date of wrong) refuses(request(header(), { 'x-amz-date': date }), 'incomplete')
})

test('credentials and their scope', () => {
  const valid = ACCESS_KEY
  const day = '20261124'
  const region = 'Credential should be scoped to a valid region.'
  const service = "Credential should be scoped to correct service: 'kms' or 'sts'."
  const term = "Credential should be scoped with a valid terminator: 'aws4_request'."
  const date =
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261124T083015Z'."
  const five =
    'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term'
  const invalid = 'The security token included in the request is invalid.'
  const cases: readonly (readonly [string, SignatureFault, string])[] = [
    [`${valid}/${day}/x/s3/aws4_request`, 'mismatch', service],
    [`${valid}/${day}/x/KMS/aws4_request`, 'mismatch', service],
    [`${valid}/${day}/x/kms/aws5_request`, 'mismatch', term],
    [`${valid}/20261123/x/kms/aws4_request`, 'mismatch', date],
    [`${valid}/20261125/x/kms/aws4_request`, 'mismatch', date],
    [`${valid}/${day}//kms/aws4_request`, 'mismatch', region],
    [`${valid}/${day}/-x/kms/aws4_request`, 'mismatch', region],
    [`${valid}/${day}/a:b/kms/aws4_request`, 'mismatch', region],
    [`${valid}/${day}/${'r'.repeat(64)}/kms/aws4_request`, 'mismatch', region],
    [`${valid}/x/a_b/s3/aws`, 'mismatch', [region, service, term, date].join(' ')],
    [valid, 'incomplete', five],
    [`${valid}/${day}/x/kms`, 'incomplete', five],
    [`se/cret/${day}/x/kms/aws4_request`, 'incomplete', five],
    [`${SCOPE}/`, 'incomplete', five],
    [`/${day}/x/kms/aws4_request`, 'unknown-key', invalid],
    [`a-b/${day}/x/kms/aws4_request`, 'unknown-key', invalid],
    [`${'A'.repeat(129)}/${day}/x/kms/aws4_request`, 'unknown-key', invalid],
  ]
  for (const [credential, kind, message] of cases) {
    refuses(request(header({ credential })), kind, message, credential)
  }
  for (const name of ['eu-central-1', 'us-gov-west-1', 'local', 'office2', 'r'.repeat(63)]) {
    const credential = `${valid}/${day}/${name}/sts/aws4_request`
    assert.equal(readSignature(request(header({ credential })), ['kms', 'sts']).region, name)
  }
})

test('the list of signed headers is exact, in order, and holds what must be signed', () => {
  const many = Array.from({ length: 65 }, (_, at) => `h${at + 100}`)
  const sixtyFour = [...many.slice(0, 62), 'host', 'x-amz-date', 'x-amz-target'].toSorted()
  const headers = Object.fromEntries(many.map((name) => [name, '1']))
  const cases: readonly (readonly [string, SignatureFault])[] = [
    ['host;content-type;x-amz-date;x-amz-target', 'incomplete'],
    ['content-type;host;host;x-amz-date;x-amz-target', 'incomplete'],
    ['Content-Type;host;x-amz-date;x-amz-target', 'incomplete'],
    [`${LIST};`, 'incomplete'],
    [`;${LIST}`, 'incomplete'],
    ['host;x-amz-date;x-amz-target;x amz', 'incomplete'],
    [LIST.replaceAll(';', ','), 'incomplete'],
    [sixtyFour.join(';'), 'incomplete'],
    // Not in the request, or there only for JavaScript.
    [`${LIST};x-other`, 'mismatch'],
    [`__proto__;${LIST}`, 'mismatch'],
    ['constructor;host;x-amz-date;x-amz-target', 'mismatch'],
    ['content-type;x-amz-date;x-amz-target', 'mismatch'],
    ['content-type;host;x-amz-target', 'mismatch'],
    ['content-type;host;x-amz-date', 'mismatch'],
  ]
  for (const [list, kind] of cases) {
    refuses(request(header({ list }), headers), kind, undefined, list)
  }
  refuses(
    request(header(), { 'x-amz-security-token': 'token' }),
    'mismatch',
    "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization.",
  )
  const fitting = [...many.slice(0, 61), 'host', 'x-amz-date', 'x-amz-target'].toSorted()
  const read = readSignature(request(header({ list: fitting.join(';') }), headers), ['kms'])
  assert.equal(read.signedHeaders.length, 64)
})

test('session tokens are bounded and printable', () => {
  const list = 'host;x-amz-date;x-amz-security-token;x-amz-target'
  const withToken = (token: string) => request(header({ list }), { 'x-amz-security-token': token })
  assert.equal(readSignature(withToken('t'.repeat(8_192)), ['kms']).sessionToken?.length, 8_192)
  for (const token of ['', ' ', 'a b', 'ä']) {
    refuses(
      withToken(token),
      'invalid-token',
      'The security token included in the request is invalid.',
    )
  }
  refuses(withToken('t'.repeat(8_193)), 'incomplete')
})

test('signatures that are no 64 digits', () => {
  const wrong = [SIGNATURE.slice(1), `${SIGNATURE}0`, SIGNATURE.toUpperCase(), 'g'.repeat(64), '0']
  for (const signature of wrong) refuses(request(header({ signature })), 'mismatch')
})

test('a header with a meaning here comes once', () => {
  const list = 'host;x-amz-date;x-amz-security-token;x-amz-target'
  const token = { 'x-amz-security-token': 'token' }
  readSignature(request([header({ list })], { ...token, host: ['localhost'] }), ['kms'])
  for (const name of ['host', 'x-amz-date', 'x-amz-target', 'x-amz-security-token']) {
    const twice = { ...token, [name]: ['20261124T083015Z', '20261124T083015Z'] }
    refuses(request(header({ list }), twice), 'incomplete', /must not come more than once/)
  }
  refuses(request([header(), header()]), 'incomplete', /must not come more than once/)
})

test('signatures in the query are refused, beside a header and without one', () => {
  const queries = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00',
    'a=1&x-amz-signature=00',
    'X%2DAmz%2dCredential=x',
    'X-Amz-Security-Token',
    '&&X-AMZ-DATE=20261124T083015Z',
  ]
  for (const query of queries) {
    for (const authorization of [header(), undefined]) {
      refuses({ ...request(authorization), query }, 'incomplete', /query string/)
    }
  }
  assert.ok(readSignature({ ...request(header()), query: 'X-Amz-Meta=1&Signature=2' }, ['kms']))
})

test('request lines and headers that could be read as more than one line, or are too long', () => {
  const given = request(header())
  const wrong: readonly Partial<SignedRequest>[] = [
    { method: 'POST\n/' },
    { method: '' },
    { method: 'post' },
    { path: '/\n' },
    { path: '/ä' },
    { path: '/Ā' },
    { path: '/a b' },
    { path: `/${'a'.repeat(8_192)}` },
    { query: 'a\r\n' },
    { query: 'q'.repeat(8_193) },
  ]
  for (const part of wrong) refuses({ ...given, ...part }, 'incomplete', /request line/)
  for (const value of ['a\nb', 'a\0', 'Ā', '\u007F', 'v'.repeat(8_193)]) {
    refuses(withHeaders(given, { 'x-amz-target': value }), 'incomplete', /'x-amz-target'/)
  }
})

const piece = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'AWS4-HMAC-SHA256',
    ' ',
    ', ',
    '=',
    '/',
    ';',
    'Credential=',
    'SignedHeaders=',
    'Signature=',
    SCOPE,
    LIST,
    SIGNATURE,
  ),
)
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
const anyText = fc.oneof(text, fc.string({ unit: 'binary' }))
const values = fc.oneof(anyText, fc.array(anyText, { maxLength: 3 }), fc.constant(undefined))
const names = fc.constantFrom(
  'authorization',
  'host',
  'x-amz-date',
  'x-amz-target',
  'x-amz-security-token',
  'content-type',
  '__proto__',
)

test('whatever comes, it is read or it is a SignatureError that quotes none of it', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        values,
        text.map((rest) => `AWS4-HMAC-SHA256 ${rest}`),
      ),
      fc.dictionary(names, values),
      anyText,
      fc.string({ minLength: 12, unit: fc.constantFrom('s', 'E', 'c', 'R', '3', 't') }),
      (authorization, headers, query, secret) => {
        const marked =
          typeof authorization === 'string' ? `${authorization}${secret}` : authorization
        try {
          readSignature({ ...request(marked, headers), query }, ['kms'])
        } catch (thrown) {
          assert.ok(thrown instanceof SignatureError, String(thrown))
          assert.ok(!thrown.message.includes(secret))
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
