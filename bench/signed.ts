import { createHash, createHmac } from 'node:crypto'

/** Requests as AWS's clients send them: AWS JSON 1.1, signed with Signature Version 4 over the headers that boto3 signs. */

export interface Signer {
  readonly port: number
  readonly accessKey: string
  readonly secret: string
}

const REGION = 'us-east-1'
const SERVICE = 'kms'
const CONTENT_TYPE = 'application/x-amz-json-1.1'
const SIGNED_HEADERS = 'content-type;host;x-amz-date;x-amz-target'

/** The text of one HTTP request, signed as of now: it is good for five minutes. */
export function signedRequest(signer: Signer, operation: string, input: unknown): string {
  const body = JSON.stringify(input)
  const host = `127.0.0.1:${signer.port}`
  const target = `TrentService.${operation}`
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const scope = `${date.slice(0, 8)}/${REGION}/${SERVICE}/aws4_request`
  const canonical = [
    'POST',
    '/',
    '',
    `content-type:${CONTENT_TYPE}`,
    `host:${host}`,
    `x-amz-date:${date}`,
    `x-amz-target:${target}`,
    '',
    SIGNED_HEADERS,
    sha256(body),
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const key = [date.slice(0, 8), REGION, SERVICE, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${signer.secret}`,
  )
  const signature = hmac(key, toSign).toString('hex')
  return [
    'POST / HTTP/1.1',
    `host: ${host}`,
    `content-type: ${CONTENT_TYPE}`,
    `x-amz-date: ${date}`,
    `x-amz-target: ${target}`,
    `authorization: AWS4-HMAC-SHA256 Credential=${signer.accessKey}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`,
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
