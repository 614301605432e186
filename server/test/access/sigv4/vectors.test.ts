import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HmacSha256Key } from '#crypto'
import {
  deriveSigningKey,
  readSignature,
  verifySignature,
  type SignedRequest,
} from '../../../src/access/sigv4/index.ts'
import { ACCESS_KEY, accept, KMS_HEADERS, SECRET } from './signer.ts'

/** Known answers: AWS's published examples and its test suite for signers, and what botocore signs. */

const TIME = '20150830T123600Z'
const NOW = Date.UTC(2015, 7, 30, 12, 36)

const UNRESERVED = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

interface Vector {
  readonly name: string
  readonly method?: string
  readonly target?: string
  readonly headers?: SignedRequest['headers']
  readonly body?: string
  readonly signature: string
}

const suite: readonly Vector[] = [
  {
    name: 'get-vanilla',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'get-unreserved',
    target: `/${UNRESERVED}`,
    signature: '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    target: '/?Param2=value2&Param1=value1',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'get-vanilla-query-order-value',
    target: '/?Param1=value2&Param1=value1',
    signature: '5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694',
  },
  {
    name: 'get-vanilla-query-unreserved',
    target: `/?${UNRESERVED}=${UNRESERVED}`,
    signature: '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  },
  {
    // The suite's own line has the character itself; on the wire it is percent-encoded.
    name: 'get-vanilla-utf8-query',
    target: '/?%E1%88%B4=bar',
    signature: '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  },
  {
    name: 'get-header-key-duplicate',
    headers: { 'my-header1': ['value2', 'value2', 'value1'] },
    signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  },
  {
    name: 'get-header-value-order',
    headers: { 'my-header1': ['value4', 'value1', 'value3', 'value2'] },
    signature: '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
  },
  {
    name: 'get-header-value-trim',
    headers: { 'my-header1': ' value1', 'my-header2': '"a   b   c"' },
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'post-x-www-form-urlencoded',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Param1=value1',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'get-vanilla-with-session-token',
    headers: {
      'x-amz-security-token': '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267',
    },
    signature: '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
  },
]

function requestOf({ method = 'GET', target = '/', headers = {}, body = '', ...rest }: Vector) {
  const [path = '', query = ''] = target.split('?')
  const all: SignedRequest['headers'] = {
    host: 'example.amazonaws.com',
    'x-amz-date': TIME,
    ...headers,
  }
  const names = Object.keys(all).toSorted().join(';')
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/20150830/us-east-1/service/aws4_request, ` +
    `SignedHeaders=${names}, Signature=${rest.signature}`
  return { method, path, query, headers: { ...all, authorization }, body: Buffer.from(body) }
}

for (const vector of suite) {
  test(`AWS's suite: ${vector.name}`, () => {
    const request = requestOf(vector)
    const presented = readSignature(request, ['service'])
    const key = deriveSigningKey(Buffer.from(SECRET), presented)
    verifySignature(request, presented, key, NOW)
    assert.throws(
      () => verifySignature({ ...request, path: '/x' }, presented, key, NOW),
      { kind: 'mismatch' },
      'and nothing else',
    )
  })
}

test("AWS's example of a signing key, and of a request signed with it", () => {
  const request: SignedRequest = {
    method: 'GET',
    path: '/',
    query: 'Action=ListUsers&Version=2010-05-08',
    headers: {
      host: 'iam.amazonaws.com',
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'x-amz-date': TIME,
      authorization:
        `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/20150830/us-east-1/iam/aws4_request, ` +
        'SignedHeaders=content-type;host;x-amz-date, ' +
        'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    },
    body: Buffer.alloc(0),
  }
  const presented = readSignature(request, ['iam'])
  const key = deriveSigningKey(Buffer.from(SECRET), presented)
  const published = new HmacSha256Key(
    Buffer.from('c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9', 'hex'),
  )
  assert.equal(key.hex('text'), published.hex('text'))
  verifySignature(request, presented, key, NOW)
})

/** What botocore 1.43.11 signs at 2026-11-24 08:30:15 UTC: the fewest headers of all clients, and none with the body's hash. */
const botocore: readonly (readonly [path: string, token: string | undefined, signature: string])[] =
  [
    ['/', undefined, '2f85d99827ae629dd56d9069bbd56db64dfd4b1aabef9be3ec3b44c95c04d44c'],
    [
      '/',
      'FwoGZXIvYXdzEXAMPLE+token/=',
      '6aeca37ce2366123d1157da90f207a0f1fa49a69f6194102b6c8d7999d5f19d1',
    ],
    ['/aws', undefined, '91f36bb5ba42a4bc10259eb77203c404dc68c6e858e31cf683073ad4f6986117'],
    [
      '/aws/kms%20door/a%2Fb',
      'FwoGZXIvYXdzEXAMPLE+token/=',
      'a246a80839ba57495cc7c0fb27f169a8b527a6cd12d18939a6ca54566908d624',
    ],
  ]

for (const [path, token, signature] of botocore) {
  test(`botocore: ${path} ${token === undefined ? 'with a secret' : 'with a session'}`, () => {
    const sessionHeader = token === undefined ? {} : { 'x-amz-security-token': token }
    const names = ['content-type', 'host', 'x-amz-date', ...Object.keys(sessionHeader)]
    const request: SignedRequest = {
      method: 'POST',
      path,
      query: '',
      headers: {
        host: 'localhost:8200',
        'x-amz-date': '20261124T083015Z',
        ...KMS_HEADERS,
        ...sessionHeader,
        'user-agent': 'Boto3/1.43.11',
        'amz-sdk-invocation-id': '0f6a3c1e-52f6-4f0c-9b7a-6f3b8f2f1f77',
        'amz-sdk-request': 'attempt=1',
        'x-amzn-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
        'content-length': '46',
        authorization:
          `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/20261124/eu-central-1/kms/aws4_request, ` +
          `SignedHeaders=${names.join(';')};x-amz-target, Signature=${signature}`,
      },
      body: Buffer.from('{"KeyId":"alias/orders","Plaintext":"aGVsbG8="}'),
    }
    accept(request)
    assert.equal(readSignature(request, ['kms']).sessionToken, token)
  })
}
