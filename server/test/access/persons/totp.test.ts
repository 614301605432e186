import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEnough, totpAt, totpStep } from '#access'
import { runSelfTests } from '#crypto'
import { systemClock } from '#model'

runSelfTests(systemClock)

/** RFC 6238 appendix B, the last six of its eight digits. */
test('codes are those of RFC 6238', () => {
  const secret = Buffer.from('12345678901234567890')
  const known = [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const
  for (const [seconds, code] of known) {
    const step = Math.floor(seconds / 30)
    assert.equal(totpAt(secret, step), code)
    assert.equal(totpStep(secret, code, 0, seconds * 1_000), step)
    assert.equal(totpStep(secret, code, step, seconds * 1_000), undefined)
    assert.equal(totpStep(secret, code, 0, (seconds + 90) * 1_000), undefined)
  }
})

test('two factors, always', () => {
  assert.ok(isEnough(['passkey']))
  assert.ok(isEnough(['provider-mfa']))
  assert.ok(isEnough(['password', 'totp']))
  assert.ok(isEnough(['provider', 'recovery-code']))
  for (const few of [
    [],
    ['password'],
    ['totp'],
    ['provider'],
    ['recovery-code', 'totp'],
    ['password', 'provider'],
  ] as const)
    assert.ok(!isEnough(few))
})
