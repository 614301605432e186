import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCodes, type ErrorCode } from '@claviger/contract'
import { ClavigerError, systemClock, toClavigerError } from '#model'

test('every code of the contract has its status', () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const error = new ClavigerError(code, 'why')
    assert.equal(error.status, errorCodes[code].status)
    assert.ok(error instanceof Error)
    assert.equal(error.name, 'ClavigerError')
  }
})

test('a field and a cause are kept where they are given', () => {
  const cause = new Error('below')
  const error = new ClavigerError('invalid_request', 'why', { cause, field: 'labels.env' })
  assert.deepEqual([error.cause, error.field], [cause, 'labels.env'])
  assert.ok(!('cause' in new ClavigerError('internal', 'why')))
})

test('what nobody expected becomes internal, and its words go no further', () => {
  const known = new ClavigerError('not_found', 'gone')
  assert.equal(toClavigerError(known), known)
  for (const thrown of [
    new Error('secret words'),
    'secret words',
    undefined,
    null,
    { code: 'not_found' },
  ]) {
    const error = toClavigerError(thrown)
    assert.equal(error.code, 'internal')
    assert.ok(!error.message.includes('secret'))
    if (thrown !== undefined) assert.equal(error.cause, thrown)
  }
})

test("the system's clock tells milliseconds since 1970", () => {
  const before = Date.now()
  const now = systemClock.now()
  assert.ok(Number.isInteger(now) && now >= before && now <= Date.now())
})
