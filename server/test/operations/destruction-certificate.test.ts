import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkStatement, type Statement } from '@claviger/sdk/ledger'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'

/** The certificate of a destroyed key: what it says, and that it holds without a server. */

const DAY = 86_400_000

async function destroyed(house: TestHouse, clock: DrivenClock, key: string) {
  await house.perform('key.destroy', { key, days: 7 })
  clock.advance(7 * DAY)
  await house.runJob('destruction')
  await house.renewToken()
  return house.perform('key.destructionCertificate', { key })
}

interface Certificate {
  readonly key: string
  readonly destroyedAt: string
  readonly versions: readonly { readonly version: number; readonly destroyedAt: string }[]
  readonly copies: readonly { copy: string; state: string; until?: string }[]
}

function stateOf({ copies }: Certificate, copy: string): string | undefined {
  return copies.find((each) => each.copy === copy)?.state
}

test('it names the key, every version and every copy, and the ledger vouches for it', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  await house.perform('settings.update', { backupDays: 30 })
  const { id: key } = await house.createKey()
  await house.perform('key.rotate', { key })
  assert.equal(await house.codeOf('key.destructionCertificate', { key }), 'wrong_state')
  const statement = await destroyed(house, clock, key)
  const report = await checkStatement(statement, statement.keys)
  assert.deepEqual(report.findings, [])
  assert.equal(report.format, 'claviger/destruction-certificate/1')
  const document = JSON.parse(statement.document) as Certificate
  assert.equal(document.key, key)
  assert.equal(document.destroyedAt, new Date(clock.now()).toISOString())
  assert.deepEqual(
    document.versions.map(({ version }) => version),
    [1, 2],
  )
  assert.equal(stateOf(document, 'store'), 'removed')
  assert.equal(stateOf(document, 'exports'), 'none')
  const backups = document.copies.find(({ copy }) => copy === 'backups')
  assert.equal(backups?.until, new Date(clock.now() + 30 * DAY).toISOString())
  const { token } = await house.createUser('auditor')
  assert.deepEqual(
    (await house.perform('key.destructionCertificate', { key }, { token })).document,
    statement.document,
  )
})

test('copies that nobody can speak for are called unknown, and those that stand present', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: plain } = await house.createKey({ exportable: true })
  const document = JSON.parse((await destroyed(house, clock, plain)).document) as Certificate
  assert.equal(stateOf(document, 'backups'), 'unknown')
  assert.equal(stateOf(document, 'exports'), 'unknown')

  const { id: primary } = await house.createKey({ region: 'eu-central-1', multiRegion: true })
  const replica = await house.perform('key.replicate', { key: primary, region: 'eu-west-1' })
  const ofReplica = JSON.parse((await destroyed(house, clock, replica.id)).document) as Certificate
  assert.equal(stateOf(ofReplica, 'related key'), 'present')
})

test('a version that went before keeps its own date', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: key } = await house.createKey()
  await house.perform('key.rotate', { key })
  await house.perform('key.destroyVersion', { key, version: 1, days: 1 })
  clock.advance(DAY)
  await house.runJob('destruction')
  await house.renewToken()
  const first = new Date(clock.now()).toISOString()
  const { versions } = JSON.parse((await destroyed(house, clock, key)).document) as Certificate
  assert.equal(versions[0]?.destroyedAt, first)
  assert.equal(versions[1]?.destroyedAt, new Date(clock.now()).toISOString())
})

test('a version that goes by itself has a certificate of its own, and the key none', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  await house.perform('settings.update', { backupDays: 30 })
  const { id: key } = await house.createKey()
  await house.perform('key.rotate', { key })
  await house.perform('key.destroyVersion', { key, version: 1, days: 1 })
  const one = { key, version: 1 }
  assert.equal(await house.codeOf('key.destructionCertificate', one), 'wrong_state')
  clock.advance(DAY)
  await house.runJob('destruction')
  await house.renewToken()
  const statement = await house.perform('key.destructionCertificate', one)
  const report = await checkStatement(statement, statement.keys)
  assert.deepEqual(report.findings, [])
  assert.equal(report.format, 'claviger/version-destruction-certificate/1')
  const document = JSON.parse(statement.document) as Certificate & { version: number }
  assert.deepEqual([document.key, document.version], [key, 1])
  assert.equal(document.destroyedAt, new Date(clock.now()).toISOString())
  assert.deepEqual(
    [stateOf(document, 'store'), stateOf(document, 'memory')],
    ['removed', 'forgotten'],
  )
  const backups = document.copies.find(({ copy }) => copy === 'backups')
  assert.equal(backups?.until, new Date(clock.now() + 30 * DAY).toISOString())
  assert.equal(await house.codeOf('key.destructionCertificate', { key }), 'wrong_state')
  assert.equal(await house.codeOf('key.destructionCertificate', { key, version: 2 }), 'wrong_state')
  assert.equal(await house.codeOf('key.destructionCertificate', { key, version: 3 }), 'not_found')
  const whole = await destroyed(house, clock, key)
  assert.equal((await checkStatement(whole, whole.keys)).ok, true)
  const still = await house.perform('key.destructionCertificate', one)
  assert.equal(still.document, statement.document)
  // The last version went with the key, and one certificate does not pass for the other.
  assert.equal(await house.codeOf('key.destructionCertificate', { key, version: 2 }), 'wrong_state')
  const exchanged = { ...statement, record: whole.record, proof: whole.proof }
  assert.equal((await checkStatement(exchanged, statement.keys)).ok, false)
})

test('related keys lose a version together, and one certificate says so of all', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: primary } = await house.createKey({ region: 'eu-central-1', multiRegion: true })
  const replica = await house.perform('key.replicate', { key: primary, region: 'eu-west-1' })
  await house.perform('key.rotate', { key: primary })
  await house.perform('key.destroyVersion', { key: primary, version: 1, days: 1 })
  clock.advance(DAY)
  await house.runJob('destruction')
  await house.renewToken()
  const documents = []
  for (const key of [primary, replica.id]) {
    const statement = await house.perform('key.destructionCertificate', { key, version: 1 })
    assert.deepEqual((await checkStatement(statement, statement.keys)).findings, [])
    documents.push(statement.document)
  }
  assert.equal(documents[0], documents[1])
  const document = JSON.parse(documents[0] ?? '') as Certificate
  assert.equal(stateOf(document, 'related key'), 'removed')
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('what was altered, exchanged or signed by another ledger does not hold', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: one } = await house.createKey()
  const { id: other } = await house.createKey()
  const statement = await destroyed(house, clock, one)
  const second = await destroyed(house, clock, other)
  await using stranger = await startHouse({ clock })
  const { keys: theirs } = await stranger.perform('ledger.head', {})
  const wrong: [string, Statement, readonly string[]][] = [
    [
      'another word',
      { ...statement, document: statement.document.replace('"removed"', '"present"') },
      statement.keys,
    ],
    ["another key's document", { ...statement, document: second.document }, statement.keys],
    ["another entry's record", { ...statement, record: second.record }, statement.keys],
    ['another entry', { ...second, document: statement.document }, statement.keys],
    ['no document', { ...statement, document: '[]' }, statement.keys],
    ["another ledger's keys", statement, theirs],
  ]
  assert.equal((await checkStatement(statement, statement.keys)).ok, true)
  for (const [what, given, keys] of wrong)
    assert.equal((await checkStatement(given, keys)).ok, false, what)
})
