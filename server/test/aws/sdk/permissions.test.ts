import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import { refused, REGION, startAwsHouse } from '../house.ts'
import { makeKey } from './keys-in-states.ts'
import { sayWho } from './state-row.ts'
import { stateRows } from './state-table.ts'

/** Who may do nothing with a key does not learn whether it is there. */

const { kms, owner, account, hire } = await startAwsHouse()
const nobody = await hire()
const elsewhere = await hire()
const { id: other } = await owner.rest.call('key.create', {})
await owner.rest.call('binding.create', {
  principal: elsewhere.id,
  role: 'owner',
  scope: { kind: 'key', key: other },
})
sayWho(kms, owner.arn)
sayWho(nobody.kms, nobody.arn)
sayWho(elsewhere.kms, elsewhere.arn)

const ABSENT = '1234abcd-12ab-34cd-56ef-1234567890ab'
const ABSENT_MRK = `mrk-${ABSENT.replaceAll('-', '')}`

/** What is told, with the name that was given taken out of it. */
async function told(doing: Promise<unknown>, names: readonly string[]): Promise<string> {
  const { type, message } = await refused(doing)
  const [id = '', alias = ''] = names
  return `${type}: ${message.replaceAll(id, '<id>').replaceAll(alias, '<alias>')}`
}

let count = 0
for (const row of stateRows) {
  // It reads the alias only, and both aliases below are names of keys.
  if (row.operation === 'UpdateAlias (away from it)') continue
  const about = row.key?.Origin === 'EXTERNAL' ? ' of an imported key' : ''
  test(`${row.operation}${about} tells strangers nothing`, async () => {
    for (const multiRegion of [false, true]) {
      const key = await makeKey(kms, { ...row.key, MultiRegion: multiRegion })
      const imported = row.key?.Origin === 'EXTERNAL'
      const prepared = imported ? undefined : await row.prepare?.(kms, key, 'Disabled')
      const alias = `alias/there-${(count += 1)}`
      await kms.createAlias({ AliasName: alias, TargetKeyId: key.id })
      const absent = multiRegion ? ABSENT_MRK : ABSENT
      const arnOf = (resource: string) => `arn:aws:kms:${REGION}:${account}:${resource}`
      const forms: readonly [there: string, absent: string][] = [
        [key.id, absent],
        [key.arn, arnOf(`key/${absent}`)],
        [alias, 'alias/absent'],
        [arnOf(alias), arnOf('alias/absent')],
      ]
      const asks = (stranger: KMS, name: string) => row.ask(stranger, name, prepared)
      for (const { kms: stranger } of [nobody, elsewhere]) {
        for (const [there, missing] of forms) {
          const seen = await told(asks(stranger, there), [key.id, alias])
          assert.equal(await told(asks(stranger, missing), [absent, 'alias/absent']), seen)
          assert.match(seen, /^(AccessDenied|NotFound|Validation)Exception: /)
        }
      }
    }
  })
}

test('what is denied says who asked for what', async () => {
  const key = await makeKey(kms)
  const { type, message } = await refused(
    nobody.kms.encrypt({ KeyId: key.arn, Plaintext: Buffer.from('x') }),
  )
  assert.equal(type, 'AccessDeniedException')
  assert.ok(
    message.startsWith(
      `User: ${nobody.arn} is not authorized to perform: kms:Encrypt on resource: ${key.arn} because`,
    ),
    message,
  )
})

/** What AWS says of a ciphertext whose key it cannot use for the caller, whatever the reason. */
const OUT_OF_REACH =
  'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.'

test('of a ciphertext alone nobody learns whether its key is there', async () => {
  const key = await makeKey(kms)
  const { CiphertextBlob } = await kms.encrypt({ KeyId: key.id, Plaintext: Buffer.from('x') })
  const absent = Buffer.from(CiphertextBlob ?? [])
  // The id of the key stands in the envelope's header.
  absent.fill(0x7f, 4, 16)
  for (const { kms: stranger } of [nobody, elsewhere])
    for (const blob of [CiphertextBlob, absent])
      for (const doing of [
        () => stranger.decrypt({ CiphertextBlob: blob }),
        () => stranger.reEncrypt({ CiphertextBlob: blob, DestinationKeyId: key.id }),
      ])
        assert.deepEqual(await told(doing(), ['-', '-']), `AccessDeniedException: ${OUT_OF_REACH}`)
})

test('re-encryption says which of its two rights is missing', async () => {
  const [from, to] = [await makeKey(kms), await makeKey(kms)]
  const { CiphertextBlob } = await kms.encrypt({ KeyId: from.id, Plaintext: Buffer.from('x') })
  const guest = await hire()
  const asked = { CiphertextBlob, DestinationKeyId: to.id }
  const denied = async (right: string, arn: string, SourceKeyId?: string) => {
    const named = SourceKeyId === undefined ? {} : { SourceKeyId }
    const { type, message } = await refused(guest.kms.reEncrypt({ ...asked, ...named }))
    assert.equal(type, 'AccessDeniedException')
    const start = `User: ${guest.arn} is not authorized to perform: kms:${right} on resource: ${arn} because`
    assert.ok(message.startsWith(start), message)
  }
  await denied('ReEncryptFrom', from.arn, from.id)
  const grant = (KeyId: string, right: 'ReEncryptFrom' | 'ReEncryptTo') =>
    kms.createGrant({ KeyId, GranteePrincipal: guest.arn, Operations: [right] })
  await grant(from.id, 'ReEncryptFrom')
  await denied('ReEncryptTo', to.arn, from.id)
  await denied('ReEncryptTo', to.arn)
  await grant(to.id, 'ReEncryptTo')
  assert.equal((await guest.kms.reEncrypt(asked)).KeyId, to.arn)
})
