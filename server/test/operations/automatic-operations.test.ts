import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  automaticOperations,
  operations,
  type Operation,
  type OperationName,
} from '@claviger/contract'
import { z } from 'zod'

/** What the server may do by itself once it is approved: nothing that answers a secret or is given one, and every change was thought of. */

/** Changes that are left to who asked, and why. */
const leftToWhoAsked: Readonly<Record<string, string>> = {
  'accessKey.create': 'answers a secret',
  'approval.approve': 'is itself a decision',
  'approval.reject': 'is itself a decision',
  'breakGlass.create': 'answers a code',
  'breakGlass.open': 'takes a code, and a person who is there',
  'breakGlass.review': 'is the judgement of a person',
  'factor.remove': 'takes a fresh proof',
  'grant.create': 'answers a token',
  'grant.retire': 'is a right of the grant, and not of a role',
  'key.import': 'brings material, under a key that does not last',
  'key.importParameters': 'answers a key that does not last',
  'loginProvider.create': 'takes a secret',
  'loginProvider.update': 'takes a secret',
  'person.invite': 'answers the secret of a link',
  'person.reset': 'answers the secret of a link',
  'rewrap.finish': 'is said by the program that re-wraps',
  'rewrap.report': 'is said by the program that re-wraps',
  'rewrap.start': 'is said by the program that re-wraps',
  'secretId.create': 'answers a secret',
  'subscription.create': 'answers a secret',
  'subscription.rotateSecret': 'answers a secret',
  'system.reissueSeal': 'takes shares, and answers them',
  'system.rotateRoot': 'takes shares',
  'tenant.create': 'answers a token',
  'token.create': 'answers a token',
}

/** Ids of secrets, and numbers about them. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  'secretId.revoke': ['secretId'],
  'settings.update': ['tokenDays', 'secretIdDays', 'passwordLength', 'passwordLettersAndDigits'],
  'subscription.update': ['previousSecretUntil'],
  'system.seal': ['shares'],
  'token.revoke': ['token'],
}

const rows: readonly Operation[] = Object.values(operations)
const secrets = /token|secret|code|proof|passphrase|password|share$|shares|wrapped|plaintext|csrf/i

/** The names of all members, at whatever depth. */
function namesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([name, value]) =>
    name === 'properties'
      ? [...Object.keys(value as object), ...Object.values(value as object).flatMap(namesIn)]
      : namesIn(value),
  )
}

function namesOf(schema: z.ZodType): string[] {
  return namesIn(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }))
}

test('every change is done by the server, or left to who asked for a reason', () => {
  const changes = rows
    .filter(({ effect, action }) => effect === 'change' && action !== 'none' && action !== 'any')
    .map(({ name }) => name)
  assert.deepEqual(
    [...automaticOperations, ...Object.keys(leftToWhoAsked)].toSorted(),
    changes.toSorted(),
  )
})

test('what the server does by itself neither takes nor answers a secret', () => {
  for (const { name, input, output } of rows) {
    if (!automaticOperations.has(name as OperationName)) continue
    const found = [...namesOf(input), ...namesOf(output)].filter((member) => secrets.test(member))
    assert.deepEqual([...new Set(found)], harmless[name] ?? [], name)
  }
})

test('what is left to who asked because of a secret has one', () => {
  for (const [name, why] of Object.entries(leftToWhoAsked)) {
    if (!/secret|token|code|shares/.test(why)) continue
    const row = rows.find((each) => each.name === name)
    assert.ok(row !== undefined)
    assert.ok(
      [...namesOf(row.input), ...namesOf(row.output)].some((member) => secrets.test(member)),
    )
  }
})
