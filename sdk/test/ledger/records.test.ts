import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '@claviger/contract'
import { encodeRecord, type LedgerRecord } from '@claviger/contract/ledger'
import * as fc from 'fast-check'
import { initialized, keyMade, written } from '../../../contract/test/ledger/log.ts'
import { RecordCheck } from '../../src/ledger/record-check.ts'
import {
  beginning,
  change,
  check,
  K,
  ofVersion,
  onKey,
  testLies,
  testTruths,
  use,
  type Lie,
  type Truth,
} from './stories.ts'

/** The third promise, story by story. */

const revokeVersion = (version: number) => change('key.revoke', { key: 'k1', version })

/** The last revision of the beginning. */
const after = beginning.length
const revised = (by: number) => change('alias.create', { revision: after + by })
const denied: Partial<LedgerRecord> = { ...use, outcome: 'denied', reason: 'forbidden' }

const wrong: readonly Lie[] = [
  ['a use after the key is revoked', [use, onKey('key.revoke'), use, use], [2, 3]],
  ['another version of a revoked key', [onKey('key.revoke'), { ...use, version: 2 }], [1]],
  ['a use after its version is revoked', [revokeVersion(1), use], [1]],
  ['a use that hides its version', [revokeVersion(1), { event: 'sign', key: 'k1' }], [1]],
  ['a use while suspended', [onKey('key.suspend'), use, onKey('key.resume'), use], [1]],
  ['a use while destruction is scheduled', [onKey('key.destroy'), use, onKey('key.restore')], [1]],
  [
    'resuming does not undo a revocation',
    [onKey('key.suspend'), onKey('key.revoke'), onKey('key.resume'), use],
    [3],
  ],
  ['restoring does not undo a suspension', [onKey('key.suspend'), onKey('key.restore'), use], [2]],
  ['a use after the material is gone', [onKey('key.erase'), onKey('key.restore'), use], [2]],
  [
    'a use of a version that waits for its destruction',
    [ofVersion('key.destroyVersion'), use, ofVersion('key.restoreVersion'), use],
    [1],
  ],
  [
    'a use of a version whose material is gone',
    [ofVersion('key.eraseVersion'), ofVersion('key.restoreVersion'), use],
    [2],
  ],
  ['an export is a use', [onKey('key.revoke'), { event: 'key.export', ...K }], [1]],
  [
    'a side of a re-encryption is a use',
    [onKey('key.revoke'), { event: 'reencrypt', ...K, part: 'source' }],
    [1],
  ],
  ['a revoked token', [change('token.revoke', { subject: 'c1' }), use], [1]],
  [
    'a revoked token that changes',
    [change('token.revoke', { subject: 'c1' }), { event: 'key.update', ...K, credential: 'c1' }],
    [1],
  ],
  ['a revoked access key', [change('accessKey.revoke', { subject: 'c1' }), use], [1]],
  ...['secretId.revoke', 'certificate.revoke', 'login.end', 'logout'].map((event): Lie => [
    `a credential that ended with ${event}`,
    [change(event, { subject: 'c1' }), use],
    [1],
  ]),
  [
    'a use that hides its version while that waits for its destruction',
    [ofVersion('key.destroyVersion'), { event: 'sign', key: 'k1' }],
    [1],
  ],
  ['a disabled principal', [change('principal.disable', { subject: 'p1' }), use], [1]],
  ['a deleted binding', [change('binding.delete', { subject: 'b1' }), use], [1]],
  ['an end that names no key', [change('key.revoke'), use], [0]],
  ['an end that names no token', [change('token.revoke'), use], [0]],
  ['a revision left out', [revised(1), revised(3)], [1]],
  ['a revision twice', [revised(1), revised(1)], [1]],
  ['a revision without a change', [{ ...denied, revision: after + 1 }], [0]],
  [
    'what was denied, and changed more than a count',
    [{ ...denied, revision: after + 1, changed: written('lockout p1', 'key k1') }],
    [0],
  ],
]

testLies(wrong)

test('found: a change that names no revision, and a first revision that is not 1', () => {
  const says = (parts: readonly Partial<LedgerRecord>[]) => {
    const findings: (number | undefined)[] = []
    const records = new RecordCheck(({ index }) => findings.push(index))
    for (const [at, part] of parts.entries()) records.add(at, encodeRecord(initialized(part)))
    return findings
  }
  assert.deepEqual(says([{}]), [])
  assert.deepEqual(says([{ revision: undefined }]), [0])
  assert.deepEqual(says([{ revision: 2 }]), [0])
})

const right: readonly Truth[] = [
  ['uses before the end', [use, use, onKey('key.revoke')]],
  ['uses of another key', [onKey('key.revoke'), { ...use, key: 'k2' }]],
  ['another version than the revoked one', [revokeVersion(1), { ...use, version: 2 }]],
  [
    'refusals after the end',
    [onKey('key.revoke'), { ...use, outcome: 'refused', reason: 'wrong_state' }],
  ],
  ['changes of an ended key', [onKey('key.suspend'), onKey('key.update'), onKey('key.revoke')]],
  [
    'a revocation that was refused',
    [{ ...onKey('key.revoke'), outcome: 'denied', reason: 'forbidden' }, use],
  ],
  ['uses after resuming', [onKey('key.suspend'), onKey('key.resume'), use]],
  ['uses after restoring', [onKey('key.destroy'), onKey('key.restore'), use]],
  [
    'a principal let back in',
    [
      change('principal.disable', { subject: 'p1' }),
      change('principal.enable', { subject: 'p1' }),
      use,
    ],
  ],
  ['a token that revokes itself', [change('token.revoke', { subject: 'c-admin' })]],
  [
    'ids that only look alike',
    [change('token.revoke', { subject: 'p1' }), change('key.revoke', { key: 'c1' }), use],
  ],
  ['revisions one by one', [revised(1), use, revised(2)]],
  [
    'what was denied, and counted',
    [{ ...denied, revision: after + 1, changed: written('lockout p1') }, revised(2)],
  ],
]

testTruths(right)

test('a finding says what, after what, and where that stands', () => {
  const [finding] = check([use, onKey('key.revoke'), use]).findings
  assert.deepEqual(finding, {
    kind: 'revocation',
    index: 2,
    what: 'entry 2',
    why: 'decrypt with key k1 stands after the key.revoke at entry 1',
  })
})

test('keys and uses are counted; events that the contract does not have are named', () => {
  const { records } = check([
    use,
    { event: 'encryptBatch', key: 'k2', version: 1, count: 40 },
    { ...use, outcome: 'failed', reason: 'invalid_ciphertext' },
    { event: 'random' },
    keyMade('k3'),
    change('constructor'),
    {
      event: 'token.createForOwner',
      principal: 'system',
      subject: 'c2',
    },
    change('key.transmute'),
  ])
  assert.equal(records.keys, 3)
  assert.equal(records.uses, 41)
  assert.deepEqual(records.unknownEvents, ['constructor', 'key.transmute'])
})

test('against the definition: it says its version, and no end without an undoing lies before', () => {
  const keys = ['k1', 'k2']
  const versions = [undefined, 1, 2]
  const pairs: Readonly<Record<string, string | undefined>> = {
    'key.revoke': undefined,
    'key.suspend': 'key.resume',
    'key.destroy': 'key.restore',
  }
  const events = [
    ...Object.keys(pairs),
    'key.resume',
    'key.restore',
    'encrypt',
    'verify',
    'key.update',
  ]
  const step = fc.record({
    event: fc.constantFrom(...events),
    key: fc.constantFrom(...keys),
    version: fc.constantFrom(...versions),
    outcome: fc.constantFrom('ok' as const, 'ok' as const, 'denied' as const),
  })
  type Step = { event: string; key: string; version: number | undefined; outcome: 'ok' | 'denied' }
  const ended = (before: readonly Step[], { key, version }: Step) =>
    Object.entries(pairs).some(([event, undoing]) =>
      before.some((end, at) => {
        if (end.outcome !== 'ok' || end.event !== event || end.key !== key) return false
        const undone = before
          .slice(at)
          .some((later) => later.outcome === 'ok' && later.event === undoing && later.key === key)
        if (undone) return false
        const whole = event !== 'key.revoke' || end.version === undefined
        return whole || version === end.version
      }),
    )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (story) => {
      const want = story.flatMap((one, at) => {
        const isUse = operations[one.event as keyof typeof operations].effect === 'use'
        const isWrong = one.version === undefined || ended(story.slice(0, at), one)
        return isUse && one.outcome === 'ok' && isWrong ? [at] : []
      })
      const found = check(
        story.map(({ version, ...rest }) => (version === undefined ? rest : { ...rest, version })),
      ).findings
      assert.deepEqual([...new Set(found.map(({ index }) => index))], want)
    }),
    { numRuns: 300 },
  )
})
