import { keyMade, written } from '../../../contract/test/ledger/log.ts'
import {
  change,
  K,
  ofVersion,
  onKey,
  rights,
  testLies,
  testTruths,
  use,
  type Part,
} from './stories.ts'

/** What a lying server says of keys: uses of what is compromised, has no material, or never was. */

const AT = '2026-11-23T12:00:00.000Z'
const LATER = '2026-11-23T14:00:00.000Z'

/** A case, which leaves decrypting to p1 for an hour, under the record of test's clock. */
function opened(more: Part = {}): Part {
  return change('compromise.open', {
    key: 'k1',
    subject: 'case-1',
    time: AT,
    detail: { decryptsUntil: '2026-11-23T13:00:00.000Z', principals: 'p1 p3', replacement: 'k2' },
    changed: written('key k1', 'compromiseCase case-1'),
    ...more,
  })
}

const openedAgain = change('compromise.open', { key: 'k1', subject: 'case-1' })
const prolonged = opened({
  detail: { decryptsUntil: '2027-01-01T00:00:00.000Z', principals: 'p1 admin' },
})
const by = (event: string, more: Part = {}): Part => ({ event, ...K, ...more })
const byAdmin = (event: string, more: Part = {}): Part => change(event, { ...K, ...more })

const protecting = [
  'encrypt',
  'encryptBatch',
  'sign',
  'signBatch',
  'mac',
  'macBatch',
  'datakey',
  'datakeyPair',
  'encapsulate',
  'key.export',
]

testLies([
  ...protecting.map(
    (event) => [`${event} with a compromised key`, [opened(), by(event)], [1]] as const,
  ),
  [
    'a case asked for again, of a key that was suspended after its opening',
    [opened(), onKey('key.suspend'), openedAgain, by('decrypt')],
    [3],
  ],
  [
    'a case of one version of a suspended key',
    [onKey('key.suspend'), opened({ version: 1 }), use],
    [2],
  ],
  [
    'a re-encryption into a compromised key',
    [opened(), by('reencrypt', { part: 'destination' })],
    [1],
  ],
  ['a re-encryption that hides its side', [opened(), by('reencrypt')], [1]],
  ['decrypting by whom the case does not name', [opened(), byAdmin('decrypt')], [1]],
  ['decrypting after the time of the case', [opened(), by('decrypt', { time: LATER })], [1]],
  ['a case asked for again prolongs nothing', [opened(), openedAgain, by('sign')], [2]],
  [
    'a case opened anew prolongs nothing',
    [opened(), prolonged, by('decrypt', { time: LATER })],
    [2],
  ],
  ['a case opened anew names nobody else', [opened(), prolonged, byAdmin('decrypt')], [2]],
  ['a case that does not say what it leaves', [opened({ detail: {} })], [0], /does not say/],
  [
    'protecting with a compromised version',
    [opened({ version: 1 }), by('encrypt'), by('encrypt', { version: 2 })],
    [1],
  ],
  [
    'the case of a version, and then of its key',
    [opened({ version: 1 }), opened({ subject: 'case-2' }), by('encrypt', { version: 2 })],
    [2],
  ],
  [
    'the time of a version’s case is not that of its key’s',
    [
      opened({ version: 1 }),
      opened({
        subject: 'case-2',
        detail: { decryptsUntil: '2026-11-24T00:00:00.000Z', principals: 'p1' },
      }),
      by('decrypt', { time: LATER }),
      by('decrypt', { version: 2, time: LATER }),
    ],
    [2],
  ],
  ['a compromised key that is copied', [opened(), onKey('key.replicate')], [1]],
  [
    'deleted material',
    [ofVersion('key.deleteMaterial'), use, by('decrypt', { version: 2 })],
    [1],
    /after the key.deleteMaterial at entry 0/,
  ],
  ['material that came to its end', [ofVersion('key.expireMaterial'), by('verify')], [1]],
  [
    'deleted material, and other material imported',
    [ofVersion('key.deleteMaterial'), change('key.import', { key: 'k1', version: 2 }), use],
    [2],
  ],
  [
    'material deleted twice and imported once in between',
    [
      ofVersion('key.deleteMaterial'),
      ofVersion('key.import'),
      use,
      ofVersion('key.expireMaterial'),
      use,
    ],
    [4],
  ],
  [
    'a key that waits for its material',
    [keyMade('k3', 1, { detail: { origin: 'imported' } }), { ...use, key: 'k3' }],
    [1],
    /before its material was imported/,
  ],
  [
    'a replica of imported material, which does not travel',
    [
      keyMade('k3', 1, { detail: { origin: 'imported' } }),
      change('key.import', { key: 'k3', version: 1 }),
      { ...use, key: 'k3' },
      change('key.replicate', {
        key: 'k3',
        changed: written('key k4', 'version k4/0000000001', 'key k3'),
      }),
      { ...use, key: 'k4' },
    ],
    [4],
  ],
])

testLies(
  [
    ['a key that was never made', [{ ...use, key: 'k9' }], [0]],
    [
      'a key that another event is said to have made',
      [change('alias.create', { changed: written('key k9') }), { ...use, key: 'k9' }],
      [1],
    ],
    [
      'a key whose making failed',
      [
        { ...keyMade('k9'), outcome: 'failed', changed: undefined },
        { ...use, key: 'k9' },
      ],
      [1],
    ],
    ['a version that was never made', [{ ...use, version: 3 }], [0]],
    [
      'a version that was taken away before it was used',
      [
        change('key.import', { ...K, version: 3, changed: written('version k1/0000000003') }),
        change('key.deleteMaterial', {
          ...K,
          version: 3,
          changed: [{ kind: 'version', id: 'k1/0000000003' }],
        }),
        // The deletion stands against it too.
        { ...use, version: 3 },
      ],
      [2],
    ],
    [
      'a key of another tenant',
      [keyMade('k9', 1, { tenant: 't2' }), { ...use, key: 'k9' }],
      [0, 1],
    ],
  ].map(([name, story, at]) => [name, story, at] as never),
)

/** k3 is made of k1 in another region. */
const replicated = change('key.replicate', {
  key: 'k1',
  subject: 'k3',
  changed: written('key k3', 'version k3/0000000001', 'version k3/0000000002', 'key k1'),
})
const useOfReplica: Part = { ...use, key: 'k3' }

testLies([
  ['a revoked key that is copied', [onKey('key.revoke'), replicated], [1]],
  ['a suspended key that is copied', [onKey('key.suspend'), replicated], [1]],
  ['a related key, where one is revoked', [replicated, onKey('key.revoke'), useOfReplica], [2]],
  [
    'a related key, where the copy is revoked',
    [replicated, change('key.revoke', { key: 'k3' }), use],
    [2],
  ],
  [
    'a copy of a revoked version',
    [ofVersion('key.revoke'), replicated, useOfReplica, { ...useOfReplica, version: 2 }],
    [2],
  ],
  [
    'a version that is destroyed with its related ones',
    [replicated, ofVersion('key.destroyVersion'), useOfReplica],
    [2],
  ],
  [
    'a related key of a compromised one',
    [replicated, opened(), { ...useOfReplica, event: 'encrypt' }],
    [2],
  ],
])

testTruths([
  ['a key that was suspended at the alarm', [onKey('key.suspend'), opened(), by('decrypt')]],
  [
    'a compromised key is re-wrapped out of by whom its case names',
    [
      opened(),
      by('decrypt'),
      by('verify'),
      by('verifyMac'),
      by('decapsulate'),
      by('reencrypt', { part: 'source' }),
      by('reencrypt', { key: 'k2', part: 'destination' }),
      openedAgain,
      by('decryptBatch'),
    ],
  ],
  [
    'of a compromised version the others go on',
    [opened({ version: 1 }), by('decrypt'), by('encrypt', { version: 2 })],
  ],
  ['what was refused', [opened(), { ...by('encrypt'), outcome: 'refused', reason: 'wrong_state' }]],
  ['the replacement of a compromised key', [opened(), by('encrypt', { key: 'k2' })]],
  [
    'material that is imported again',
    [ofVersion('key.deleteMaterial'), ofVersion('key.import'), use],
  ],
  [
    'a key that got its material',
    [
      keyMade('k3', 1, { detail: { origin: 'imported' } }),
      change('key.import', { key: 'k3', version: 1 }),
      { ...use, key: 'k3' },
    ],
  ],
  [
    'a version that was taken away while it waited, and whose number was given again',
    [
      change('key.import', { ...K, version: 3, changed: written('version k1/0000000003') }),
      change('key.deleteMaterial', {
        ...K,
        version: 3,
        changed: [{ kind: 'version', id: 'k1/0000000003' }],
      }),
      // By a related key, so that the record names that one.
      change('key.import', { key: 'k2', version: 3, changed: written('version k1/0000000003') }),
      { ...use, version: 3 },
    ],
  ],
  ['a copy', [replicated, useOfReplica, onKey('key.suspend'), useOfReplica]],
  [
    'a version that a copy had restored',
    [replicated, ofVersion('key.destroyVersion'), ofVersion('key.restoreVersion'), useOfReplica],
  ],
  [
    'an event that nobody here knows makes a key',
    [
      change('key.transmute', { changed: written('key k9', 'version k9/0000000001') }),
      { ...use, key: 'k9' },
    ],
  ],
  [
    'keys with rights of their own',
    [...rights('p1', 'c2', 'b2'), { ...use, credential: 'c2', binding: 'b2' }],
  ],
])
