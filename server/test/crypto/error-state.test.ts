import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import * as crypto from '#crypto'

/**
 * After a failed self-test nothing cryptographic is done. The failure is a real one: an expectation with one bit turned, which the test
 * runner of the house finds by comparing.
 */

/** Not cryptography: tables, spellings, what is in hand, memory, the pool's size, and the condition itself. */
const stillAnswering = new Set([
  'findAlgorithm',
  'findUsage',
  'findScheme',
  'encodeBase32',
  'decodeBase32',
  'readSymbols',
  'packSymbols',
  'privateKeyOf',
  'publicKeyOf',
  'secretBuffer',
  'secretSlice',
  'takeKeySlot',
  'releaseKeySlot',
  'fitsGcm',
  'forgetGcmKeys',
  'setPoolConcurrency',
  'setWorkerEnvironment',
  'closeCrypto',
  'selfTestReport',
])

const clock = { now: () => 99 }
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = crypto.openMaterial(
  crypto.findAlgorithm('P-256'),
  await crypto.generateMaterial(crypto.findAlgorithm('P-256')),
)

function turned(expected: string): string {
  const last = Number.parseInt(expected.at(-1) ?? '0', 16)
  return expected.slice(0, -1) + (last ^ 1).toString(16)
}

test('one wrong bit in one expectation, and every function refuses for good', async () => {
  const broken = crypto.selfTests.map((each) =>
    each.name === 'AES-256-GCM encrypts' ? { ...each, expected: turned(each.expected) } : each,
  )
  assert.equal(crypto.runSelfTests(clock).passed, true)
  const report = crypto.runSelfTests(clock, broken)
  assert.deepEqual(report, {
    passed: false,
    tests: broken.length,
    failed: ['AES-256-GCM encrypts'],
    ranAt: 99,
  })

  const refusal = { code: 'crypto_unavailable', message: /self-test 'AES-256-GCM encrypts' failed/ }
  const functions = Object.entries(crypto).flatMap(([name, exported]) =>
    typeof exported === 'function' && !stillAnswering.has(name) && name !== 'runSelfTests'
      ? [[name, exported as (...given: unknown[]) => unknown] as const]
      : [],
  )
  assert.ok(functions.length >= 25)
  for (const [name, call] of functions) {
    // Without arguments: the condition is asked before anything is looked at.
    const isClass = /^[A-Z]/.test(name)
    await assert.rejects(
      async () => (isClass ? (Reflect.construct(call, []) as unknown) : call()),
      refusal,
      name,
    )
  }

  // And with arguments that were good a moment ago.
  const cases: (() => unknown)[] = [
    () => crypto.randomPool.fill(Buffer.alloc(12)),
    () => crypto.sign(p256, undefined, { message: Buffer.alloc(1) }),
    () => crypto.oaepEncrypt(rsa.publicKey, Buffer.alloc(1)),
    () => crypto.generateMaterial(crypto.findAlgorithm('AES-256-GCM')),
    () => crypto.hmacSha256(Buffer.alloc(32), Buffer.alloc(1)),
  ]
  for (const act of cases) await assert.rejects(async () => act(), refusal)

  // There is no way back but a restart: tests that would pass now fail too.
  assert.equal(crypto.runSelfTests(clock).passed, false)
  assert.equal(crypto.selfTestReport()?.passed, false)
})

test('a self-test that throws has failed', () => {
  const throwing = { name: 'throws', expected: '00', compute: () => assert.fail('broken') }
  assert.deepEqual(crypto.runSelfTests(clock, [throwing]).failed, ['throws'])
})
