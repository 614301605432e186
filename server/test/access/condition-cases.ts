import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import type { GatedName } from '#operations'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse } from '../harness/house.ts'

/** A principal that a key policy lets in only under a condition, and what it then may do. */

export const plaintext = Buffer.from('plaintext')

/** Something that the user does to a key. */
export type Deed = readonly [
  operation: GatedName,
  input: Readonly<Record<string, unknown>>,
  /** What it ends with where it is allowed; ok unless it says so. */
  ending?: string,
]

export interface Case {
  readonly condition: object
  /** What the key is like. */
  readonly key?: Partial<InputOf<'key.create'>>
  readonly allowed: readonly Deed[]
  readonly denied: readonly Deed[]
}

export const encrypt: Deed = ['encrypt', { plaintext }]
export const get: Deed = ['key.get', {}]

/** A condition that a key has one of these values. */
export function equals(key: string, value: string | readonly string[]) {
  return { StringEquals: { [key]: value } }
}

export async function startConditions() {
  const clock = new DrivenClock(Date.parse('2026-06-01T12:00:00.000Z'))
  const house = await startHouse({ clock })
  after(() => house.close())
  const { account } = await house.perform('whoami', {})
  const { token } = await house.createUser()
  const { arn, principal } = await house.perform('whoami', {}, { token })
  const policyWith = (condition: object) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` } },
        { Effect: 'Allow', Principal: { AWS: arn }, Condition: condition },
      ].map((statement) => ({ ...statement, Action: 'kms:*', Resource: '*' })),
    })

  /** What became of a deed; the key it is done to is named by its id unless the deed names it. */
  async function codeOfDeed(key: string, [operation, given]: Deed): Promise<string> {
    const input: Record<string, unknown> =
      operation === 'reencrypt' ? { ...given } : { key, ...given }
    if (operation === 'reencrypt') {
      input['ciphertext'] = (await house.perform('encrypt', { key, plaintext })).ciphertext
      for (const field of ['key', 'sourceKey']) if (input[field] === 'SAME') input[field] = key
    }
    return codeOf(house.perform(operation, input, { token }))
  }

  function testCases(cases: Readonly<Record<string, Case>>): void {
    for (const [what, { condition, key: like, allowed, denied }] of Object.entries(cases)) {
      test(what, async () => {
        const deeds = [
          ...denied.map((deed) => [deed, 'forbidden'] as const),
          ...allowed.map((deed) => [deed, deed[2] ?? 'ok'] as const),
        ]
        for (const [deed, ending] of deeds) {
          const { id } = await house.createKey({ ...like, policy: policyWith(condition) })
          assert.equal(await codeOfDeed(id, deed), ending, JSON.stringify(deed))
          if (like?.alias !== undefined) await house.perform('alias.delete', { alias: like.alias })
        }
      })
    }
  }

  return { clock, house, account, arn, name: principal.name, policyWith, codeOfDeed, testCases }
}
