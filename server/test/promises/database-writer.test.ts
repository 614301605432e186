import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ClavigerError } from '#model'
import { codeOf, startHouse, type TestHouse } from '../harness/house.ts'
import { verifyHouse } from '../harness/read-ledger.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { decrypt, encryptAs, type Standing } from './attacks/attack.ts'
import { attacksOnLedger } from './attacks/on-ledger.ts'
import { attacksOnRelatives } from './attacks/on-relatives.ts'
import { attacksOnRows } from './attacks/on-rows.ts'

/**
 * The fourth promise: whoever can write to the database cannot swap a key, revive a revoked one, or loosen a policy unnoticed. Each
 * attack is done with SQL on the file of a stopped server. What notices it stands beside it, all of it: what is not named there does
 * not notice, so that the table says how far each defence reaches.
 *
 * - `start`: the server does not start, or does not unseal, with this code.
 * - `use`: what the attacker was after is refused with this code.
 * - `doctor`: `claviger doctor` has a finding like this.
 * - `verify`: the independent verifier, with a checkpoint from before the attack, has a finding of this kind.
 */
/** A house with some life in it, under a signed checkpoint. */
async function prepare(path: string): Promise<Standing> {
  const house = await startHouse({ path })
  const { id: key } = await house.createKey()
  const { id: other } = await house.createKey()
  const plaintext = Buffer.from('plaintext')
  const { ciphertext } = await house.perform('encrypt', { key, plaintext })
  const { ciphertext: otherCiphertext } = await house.perform('encrypt', { key: other, plaintext })
  await house.perform('key.rotate', { key })
  const auditor = await house.createUser('auditor')
  const user = await house.createUser('key-user')
  await house.perform('encrypt', { key, plaintext }, { token: user.token })
  return { path, house, key, other, ciphertext, otherCiphertext, auditor, user }
}

async function doctorSays(house: TestHouse): Promise<string | undefined> {
  try {
    const { findings } = await house.perform('system.doctor', {})
    return findings.length === 0
      ? undefined
      : findings.map(({ subject, finding }) => `${subject}: ${finding}`).join('\n')
  } catch (error) {
    if (error instanceof ClavigerError) return error.code
    throw error
  }
}

/** The kinds of what the verifier finds, or what keeps it from looking; undefined for nothing. */
async function verifierSays(
  house: TestHouse,
  earlier: string,
): Promise<readonly string[] | undefined> {
  try {
    const { findings } = await verifyHouse(house, { earlier: [earlier] })
    return findings.length === 0 ? undefined : findings.map(({ kind }) => kind)
  } catch (error) {
    if (error instanceof ClavigerError) return [error.code]
    throw error
  }
}

const attacks = [...attacksOnRows, ...attacksOnRelatives, ...attacksOnLedger]

for (const { name, before, attack, use, catches } of attacks) {
  const by = Object.entries(catches).map(([who, what]) => `${who} (${String(what)})`)
  test(`${name}: noticed by ${by.join(', ')}`, async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'claviger.db')
    const standing = await prepare(path)
    const kept = await before?.(standing)
    const { shares } = standing.house
    const earlier = await standing.house.checkpoint()
    await standing.house.close()
    {
      const database = new DatabaseSync(path)
      attack(database, standing, kept)
      if (database.isOpen) database.close()
    }
    assert.ok(Object.keys(catches).length > 0, 'an attack that nothing notices')
    const starting = startHouse({ path, shares, token: standing.house.token, tampered: true })
    assert.equal(await codeOf(starting), catches.start ?? 'ok')
    if (catches.start !== undefined) return
    await using house = await starting
    const found = await doctorSays(house)
    if (catches.doctor === undefined) assert.equal(found, undefined)
    else assert.match(found ?? '', catches.doctor)
    const verified = await verifierSays(house, earlier)
    if (catches.verify === undefined) assert.equal(verified, undefined)
    else assert.ok(verified?.includes(catches.verify), String(verified))
    if (use === undefined) assert.equal(catches.use, undefined)
    else assert.equal(await codeOf(use(house, standing, kept)), catches.use)
  })
}

test('without an attack, nothing is noticed', async () => {
  await using folder = await temporaryFolder()
  const standing = await prepare(join(folder.path, 'claviger.db'))
  const earlier = await standing.house.checkpoint()
  await standing.house.close()
  await using house = await startHouse({ path: standing.path, shares: standing.house.shares })
  assert.equal(await doctorSays(house), undefined)
  assert.equal(await verifierSays(house, earlier), undefined)
  await decrypt(house, standing)
  await encryptAs('user')(house, standing)
  assert.equal(
    await house.codeOf(
      'encrypt',
      { key: standing.key, plaintext: Buffer.from('a') },
      { token: standing.auditor.token },
    ),
    'forbidden',
  )
})
