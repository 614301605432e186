import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  AwsException,
  awsOperations,
  encodeAnswer,
  encodeException,
  encodeStsException,
  parseForm,
  parseKeyReference,
  readInput,
  readRequest,
  readStsInput,
} from '#aws'
import type { HttpRequest } from '#http'

/** Whatever comes in, there is a result or an exception of AWS that can be written; and what is written is read. */

const request = '1a2b3c4d-0000-8000-8000-000000000001'

function assertHandled(call: () => unknown): void {
  try {
    call()
  } catch (thrown) {
    assert.ok(thrown instanceof AwsException, String(thrown))
    const { body } = encodeException(thrown, request)
    assert.equal((JSON.parse(String(body)) as Record<string, unknown>)['__type'], thrown.type)
    assert.match(String(encodeStsException(thrown, request).body), /^<ErrorResponse [\s\S]*>\n$/)
  }
}

const operation = fc.constantFrom(...awsOperations)
/** Names of members, so that values get where they are looked at. */
const name = fc.oneof(
  fc.constantFrom(
    'KeyId',
    'Plaintext',
    'CiphertextBlob',
    'EncryptionContext',
    'GrantTokens',
    'Tags',
    'TagKey',
    'TagValue',
    'Operations',
    'Constraints',
    'EncryptionContextEquals',
    'NumberOfBytes',
    'Limit',
    'ValidTo',
    'DryRun',
    'Recipient',
    'XksProxyAuthenticationCredential',
    '__proto__',
    'constructor',
  ),
  fc.string({ unit: 'binary' }),
)
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', 'QQ==', 'RAW', 'alias/x', 'Sign', null, true, false, 0, -1, 1e300, 1.5),
    fc.double(),
    fc.array(tie('json'), { maxLength: 5 }),
    fc
      .array(fc.tuple(name, tie('json')), { maxLength: 8 })
      .map((pairs) => Object.fromEntries(pairs)),
  ),
}))

test('bodies', () => {
  fc.assert(
    fc.property(operation, fc.uint8Array({ maxLength: 200 }), (name, body) => {
      assertHandled(() => readInput(name, body))
    }),
  )
  fc.assert(
    fc.property(operation, json, (name, value) => {
      assertHandled(() => readInput(name, Buffer.from(JSON.stringify(value) ?? '')))
      assert.equal(({} as Record<string, unknown>)['KeyId'], undefined)
    }),
    { numRuns: 1_000 },
  )
})

const text = fc.string({ unit: 'binary' })

test('methods, paths, headers and targets', () => {
  const header = (likely: string) =>
    fc.oneof(fc.constant(likely), text, fc.array(text), fc.constant(undefined))
  const sent = fc.record({
    method: fc.oneof(fc.constant('POST'), text),
    path: fc.oneof(fc.constant('/'), text),
    query: fc.oneof(fc.constant(''), text),
    headers: fc.record({
      'content-type': fc.oneof(
        header('application/x-amz-json-1.1'),
        header('application/x-www-form-urlencoded'),
      ),
      'x-amz-target': fc.oneof(
        header('TrentService.Encrypt'),
        text.map((end) => `TrentService.${end}`),
      ),
    }),
    body: fc.uint8Array({ maxLength: 100 }),
    source: fc.constant('::1'),
    id: text,
  })
  fc.assert(
    fc.property(sent, text, (given, prefix) => {
      const request: HttpRequest = { ...given, distinctHeaders: () => given.headers }
      assertHandled(() => readRequest(request))
      assertHandled(() => readRequest(request, prefix))
    }),
    { numRuns: 500 },
  )
})

test('forms', () => {
  const member = fc.oneof(
    fc.constantFrom('Action', 'Version', 'RoleArn', 'RoleSessionName', 'DurationSeconds', 'Policy'),
    text,
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      assertHandled(() => parseForm(body))
    }),
  )
  const action = fc.constantFrom('GetCallerIdentity', 'AssumeRole', 'AssumeRoleWithWebIdentity')
  fc.assert(
    fc.property(action, fc.dictionary(member, text), (Action, members) => {
      const form = new Map(Object.entries({ Version: '2011-06-15', ...members, Action }))
      assertHandled(() => readStsInput(form))
    }),
  )
  const wellFormed = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(wellFormed, wellFormed), { selector: ([a]) => a }),
      (pairs) => {
        const body = Buffer.from(new URLSearchParams(pairs).toString())
        assert.deepEqual([...parseForm(body)], pairs)
      },
    ),
  )
})

test('references', () => {
  const part = fc.oneof(
    text,
    fc.constantFrom('arn', 'aws', 'kms', 'eu-west-1', '111122223333', 'key/x'),
  )
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join(':')),
      (reference) => {
        const parsed = parseKeyReference(reference)
        if (parsed !== undefined)
          assert.ok(reference.endsWith(parsed.kind === 'id' ? parsed.id : parsed.alias))
      },
    ),
  )
})

/** A client's half: base64 to bytes, seconds to milliseconds. */
test('what is answered is what was given', () => {
  const bytes = fc.uint8Array({ maxLength: 100 })
  const time = fc.integer({ min: 0, max: 4_102_444_800_000 })
  fc.assert(
    fc.property(
      bytes,
      bytes,
      time,
      fc.string(),
      (ImportToken, PublicKey, ParametersValidTo, KeyId) => {
        const { body } = encodeAnswer(
          'GetParametersForImport',
          { KeyId, ImportToken, PublicKey, ParametersValidTo },
          request,
        )
        const wire = JSON.parse(String(body)) as Record<string, unknown>
        assert.deepEqual(
          [
            wire['KeyId'],
            Buffer.from(String(wire['ImportToken']), 'base64'),
            Buffer.from(String(wire['PublicKey']), 'base64'),
            Math.round(Number(wire['ParametersValidTo']) * 1_000),
          ],
          [KeyId, Buffer.from(ImportToken), Buffer.from(PublicKey), ParametersValidTo],
        )
      },
    ),
  )
})

test('what a client writes is read as it was meant', () => {
  const some = fc.uint8Array({ minLength: 1, maxLength: 300 })
  const context = fc.dictionary(
    fc.string({ unit: 'grapheme', minLength: 1 }).filter((key) => key !== '__proto__'),
    fc.string({ unit: 'grapheme' }),
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(some, context, fc.boolean(), (Plaintext, EncryptionContext, DryRun) => {
      const body = JSON.stringify({
        KeyId: 'alias/x',
        Plaintext: Buffer.from(Plaintext).toString('base64'),
        EncryptionContext,
        DryRun,
      })
      assert.deepEqual(
        { ...readInput('Encrypt', Buffer.from(body)), Plaintext: null },
        { KeyId: 'alias/x', Plaintext: null, EncryptionContext, DryRun },
      )
      assert.deepEqual(
        Buffer.from(readInput('Encrypt', Buffer.from(body)).Plaintext),
        Buffer.from(Plaintext),
      )
    }),
  )
})
