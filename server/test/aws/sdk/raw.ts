import assert from 'node:assert/strict'
import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from '../../harness/signed.ts'
import type { Sent } from '../../rest/client.ts'
import type { Answer } from '../../rest/problem.ts'
import { REGION, type AwsHouse, type Credentials } from '../house.ts'

/** Requests that are signed like those of AWS's clients, and say what none of these would. */

const JSON_TYPE = 'application/x-amz-json-1.1'

export interface Wish {
  /** Without `TrentService.`. */
  readonly operation?: string
  readonly body?: string | Uint8Array
  readonly path?: string
  /** Beside those of every request, and signed with them. */
  readonly headers?: Readonly<Record<string, string>>
  readonly by?: Credentials
  readonly service?: string
  readonly region?: string
  /** Milliseconds since 1970; now unless given. */
  readonly at?: number
}

/** Signs a request that nobody has sent yet. */
export async function signed(house: AwsHouse, wish: Wish = {}): Promise<Sent> {
  const { by = house.owner.credentials, body = '{}', path = '/', headers = {} } = wish
  const { service = 'kms', region = REGION, operation = 'ListKeys' } = wish
  const signer = new SignatureV4({ service, region, credentials: by, sha256: Sha256 })
  const made = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path,
      headers: {
        host: `127.0.0.1:${house.port}`,
        'content-type': JSON_TYPE,
        'x-amz-target': `TrentService.${operation}`,
        ...headers,
      },
      body,
    },
    { signingDate: new Date(wish.at ?? house.clock.now()) },
  )
  return { method: 'POST', path, headers: made.headers, body }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** What every answer has; gives the members of its body. */
export function assertAnswer({ status, headers, body }: Answer, expected = 200) {
  const text = body.toString('utf8')
  assert.equal(status, expected, text)
  assert.equal(headers['content-type'], JSON_TYPE)
  assert.match(String(headers['x-amzn-requestid']), UUID)
  assert.ok(!Number.isNaN(Date.parse(String(headers['date']))))
  assert.equal(Number(headers['content-length']), body.length)
  return (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>
}

/** An exception as all clients read it. */
export function assertException(answer: Answer, type: string, message?: string | RegExp): void {
  const body = assertAnswer(answer, 400)
  assert.equal(body['__type'], type, JSON.stringify(body))
  assert.deepEqual(
    Object.keys(body).toSorted(),
    'message' in body ? ['__type', 'message'] : ['__type'],
  )
  if (message === '') assert.ok(!('message' in body))
  else if (typeof message === 'string') assert.equal(body['message'], message)
  else if (message !== undefined) assert.match(String(body['message']), message)
}
