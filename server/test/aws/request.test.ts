import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialectOf, FORM_BYTES_MAX, isAwsPath, parseForm, readRequest, requestUuid } from '#aws'
import type { HttpRequest } from '#http'
import { Errand } from '../../src/doors/aws/errand.ts'
import { refusal } from './refusal.ts'

const json = 'application/x-amz-json-1.1'
const form = 'application/x-www-form-urlencoded'

function request(changes: Partial<HttpRequest> = {}): HttpRequest {
  const headers = { 'content-type': json, 'x-amz-target': 'TrentService.ListKeys' }
  return {
    method: 'POST',
    path: '/',
    query: '',
    headers,
    distinctHeaders: () => headers,
    body: new Uint8Array(),
    source: '::1',
    id: '1a2b3c4d-1',
    ...changes,
  }
}

test('the operation is in the target', () => {
  const listKeys = { kind: 'kms', operation: 'ListKeys' }
  assert.deepEqual(readRequest(request()), listKeys)
  for (const type of [`${json}; charset=utf-8`, json.toUpperCase(), ` ${json} ;`]) {
    const headers = { 'content-type': type, 'x-amz-target': 'TrentService.ListKeys' }
    assert.deepEqual(readRequest(request({ headers })), listKeys)
  }
})

test('the region is in the scope, behind the id of an access key, which is looked for no further than it can be long', () => {
  const regionFrom = (id: string) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=${id}/20260101/eu-central-1/kms/aws4_request`
    const headers = { authorization }
    return new Errand(request({ headers }), 'ListKeys', 0).region
  }
  assert.equal(regionFrom('A'.repeat(128)), 'eu-central-1')
  assert.equal(regionFrom('A'.repeat(129)), 'us-east-1')
})

test('what is no request of AWS is an unknown operation', () => {
  const target = (name: string | readonly string[]) => ({
    headers: { 'content-type': json, 'x-amz-target': name },
  })
  const table: readonly Partial<HttpRequest>[] = [
    { method: 'GET' },
    { path: '/x' },
    { path: '' },
    { path: '//' },
    { query: 'X-Amz-Algorithm=AWS4-HMAC-SHA256' },
    { headers: {} },
    { headers: { 'x-amz-target': 'TrentService.ListKeys' } },
    { headers: { 'content-type': json } },
    { headers: { 'content-type': 'application/json', 'x-amz-target': 'TrentService.ListKeys' } },
    { headers: { 'content-type': [json, json], 'x-amz-target': 'TrentService.ListKeys' } },
    target(''),
    target('ListKeys'),
    target('TrentService.'),
    target('TrentService.listKeys'),
    target('TrentService.ListKeys '),
    target('TrentService.__proto__'),
    target('TrentService.toString'),
    target('DynamoDB_20120810.ListTables'),
    target(['TrentService.ListKeys', 'TrentService.ListKeys']),
  ]
  for (const changes of table) {
    const { type, status } = refusal(() => readRequest(request(changes)))
    assert.deepEqual([type, status], ['UnknownOperationException', 400], JSON.stringify(changes))
  }
})

test('the door may stand under a prefix, with and without a slash at its end', () => {
  for (const prefix of ['/aws', '/aws/']) {
    assert.ok(isAwsPath('/aws', prefix))
    assert.ok(isAwsPath('/aws/', prefix))
    for (const path of ['/', '', '/aws/x', '/awsx', '/aws//']) assert.ok(!isAwsPath(path, prefix))
    assert.equal(readRequest(request({ path: '/aws/' }), prefix).kind, 'kms')
  }
})

test('a form is for the security token service, and is answered in its protocol whatever it holds', () => {
  const body = Buffer.from('Action=GetCallerIdentity&Version=2011-06-15')
  const sent = request({ headers: { 'content-type': `${form}; charset=utf-8` }, body })
  assert.equal(dialectOf(sent), 'query')
  assert.equal(dialectOf(request()), 'json')
  assert.equal(dialectOf(request({ headers: {} })), 'json')
  const read = readRequest(sent)
  assert.equal(read.kind, 'sts')
  assert.deepEqual(read.kind === 'sts' ? Object.fromEntries(read.form) : {}, {
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
  })
})

test('forms', () => {
  const table: readonly (readonly [string, Record<string, string>])[] = [
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=x+y%2B%26%3D&&b&c=', { a: 'x y+&=', b: '', c: '' }],
    ['%C3%A4=%E2%82%AC=', { ä: '€=' }],
    ['__proto__=1', JSON.parse('{"__proto__":"1"}') as Record<string, string>],
  ]
  for (const [text, expected] of table)
    assert.deepEqual(Object.fromEntries(parseForm(Buffer.from(text))), expected)
})

test('forms that are refused', () => {
  const table: readonly (readonly [Uint8Array | string, string])[] = [
    ['a=1&a=1', 'A member stands in the form twice'],
    ['a=1&%61=2', 'A member stands in the form twice'],
    ['a=%', 'The form is not valid UTF-8 in percent-encoding'],
    ['a=%ff', 'The form is not valid UTF-8 in percent-encoding'],
    [Uint8Array.of(0x61, 0xff), 'The form is not valid UTF-8 in percent-encoding'],
    [new Uint8Array(FORM_BYTES_MAX + 1), 'The form has more than 65536 bytes'],
    ['&'.repeat(256), 'The form has more than 256 members'],
  ]
  for (const [body, message] of table) {
    const thrown = refusal(() => parseForm(Buffer.from(body)))
    assert.deepEqual([thrown.type, thrown.message], ['MalformedQueryString', message])
  }
})

test('the id of a request is a UUID from which it can be read', () => {
  assert.equal(requestUuid('1a2b3c4d-z'), '1a2b3c4d-0000-8000-8000-000000000023')
  assert.equal(requestUuid('1a2b3c4d-10'), '1a2b3c4d-0000-8000-8000-000000000024')
  for (const id of ['', '-', 'x-y', '1a2b3c4d-!', '1a2b3c4d-zzzzzzzzzzzzzzzzz'])
    assert.match(requestUuid(id), /^[0-9a-f]{8}-0000-8000-8000-[0-9a-f]{12}$/)
})
