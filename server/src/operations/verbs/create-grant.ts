import type { InputOf } from '@claviger/contract'
import { grantRowId, grantSlot, isNoWider, newGrantId, newGrantNonce, principalArn } from '#access'
import { findAlgorithm, newestRow } from '#keyring'
import type { RingKey } from '#keyring'
import {
  ClavigerError,
  grantOperations,
  isGrantable,
  isWithoutMaterial,
  KeyError,
  keyRefusal,
  makeGrantToken,
  type Key,
  type KeyGrant,
} from '#model'
import { namedPrincipal } from '../named-principal.ts'
import { assertRoomFor, quotas } from '../quotas.ts'
import { grantRow, standing } from '../rows.ts'
import type { ChangeVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own } from './own.ts'

/** A grant lets one principal do some operations with one key, until it is retired or revoked. */

/** Pairs of an encryption context that a grant may ask for (AWS KMS API reference, CreateGrant, Constraints). */
const CONSTRAINT_PAIRS_MAX = 8

export const createGrant: ChangeVerb<'grant.create'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey, binding } = work.key(input.key)
    const { key } = ringKey
    assertGrantable(work, ringKey)
    const asked = await readGrant(work, input, key)
    const allowing = binding.startsWith('grant:') ? await parentOf(work, asked) : []
    // By what it is allowed where something changes before it is recorded.
    work.relyOn(async () => {
      if (work.key(input.key).binding.startsWith('grant:')) await parentOf(work, asked)
    })
    const there = await sameGrant(work, asked)
    const grant = there?.value ?? asked
    const token = makeGrantToken({ key: key.id, grant: grant.id }, newGrantNonce())
    if (there === undefined) {
      await assertRoomFor(work, quotas.grantsOfPrincipal, grant.granteeName)
      await assertRoomFor(work, quotas.grantsOfKey, key.id)
    }
    return {
      additive: true,
      rows: there === undefined ? [grantRow(grant)] : [],
      absent: there === undefined ? [{ kind: 'grant', id: rowIdOf(grant) }] : [],
      // Somebody else's row is the same request that came twice: it is found the next time.
      anew: true,
      unchanged: [
        ...standing(ringKey),
        ...allowing,
        ...(there === undefined ? [] : [there.standing]),
      ],
      key: key.id,
      subject: grant.id,
      detail: { grantee: grant.grantee, operations: grant.operations.join(' ') },
      output: { id: grant.id, token },
    }
  },
}

function rowIdOf(grant: KeyGrant): string {
  return grantRowId(grant.tenant, grant.granteeName, grantSlot(grant))
}

/** AWS KMS Developer Guide, Key states of AWS KMS keys: a key that cannot be used now gives no new grants. */
function assertGrantable(work: Work, { key, current }: RingKey): void {
  const refused = keyRefusal(key)
  if (refused !== undefined) {
    throw new KeyError('wrong_state', `Refused: ${refused.reason}`, {
      key,
      hindrance: refused.hindrance,
    })
  }
  if (isWithoutMaterial(current, work.parts.clock.now())) {
    throw new KeyError('wrong_state', 'Refused: the material of the key is to be imported first', {
      key,
      version: current.version,
      hindrance: 'awaiting-material',
    })
  }
}

/** The grant that is asked for. @throws ClavigerError invalid_request, with the field */
async function readGrant(work: Work, input: InputOf<'grant.create'>, key: Key): Promise<KeyGrant> {
  const grantee = await namedPrincipal(work, input.grantee, 'grantee')
  const retiring =
    input.retiring === undefined
      ? undefined
      : await namedPrincipal(work, input.retiring, 'retiring')
  const symmetric = findAlgorithm(key.algorithm).pair === undefined
  for (const operation of input.operations) assertOperation(operation, key, symmetric)
  const constraints = readConstraints(input, key, symmetric)
  return {
    id: await work.once('id', () => Promise.resolve(newGrantId())),
    tenant: work.caller.tenant,
    key: key.id,
    grantee: grantee.arn,
    granteeName: grantee.name,
    operations: [...new Set(input.operations)],
    issuer: principalArn(work.caller),
    createdAt: work.parts.clock.now(),
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(grantee.session === undefined ? {} : { granteeSession: grantee.session }),
    ...(retiring === undefined ? {} : { retiring: retiring.arn, retiringName: retiring.name }),
    ...(retiring?.session === undefined ? {} : { retiringSession: retiring.session }),
    ...(constraints === undefined ? {} : { constraints }),
  }
}

function assertOperation(operation: string, key: Key, symmetric: boolean): void {
  if (isGrantable(operation, { usage: key.usage, symmetric })) return
  throw new ClavigerError(
    'invalid_request',
    grantOperations.includes(operation)
      ? `A grant on this key cannot allow ${operation}: the key is not made for it`
      : `A grant allows some of ${grantOperations.join(', ')}`,
    { field: 'operations' },
  )
}

/** Terraform's provider always writes both, one of them with no pairs, and AWS takes that for the other alone. */
function withoutEmpty(
  constraints: InputOf<'grant.create'>['constraints'],
): NonNullable<InputOf<'grant.create'>['constraints']> {
  const { equals, subset } = constraints ?? {}
  const isEmpty = (pairs: object | undefined) =>
    pairs !== undefined && Object.keys(pairs).length === 0
  if (equals !== undefined && isEmpty(subset)) return { equals }
  if (subset !== undefined && isEmpty(equals)) return { subset }
  return constraints ?? {}
}

function readConstraints(
  { constraints, operations }: InputOf<'grant.create'>,
  key: Key,
  symmetric: boolean,
): KeyGrant['constraints'] {
  const { equals, subset } = withoutEmpty(constraints)
  if (equals === undefined && subset === undefined) return undefined
  const wrong = (message: string) =>
    new ClavigerError('invalid_request', message, { field: 'constraints' })
  if (equals !== undefined && subset !== undefined)
    throw wrong('A grant asks for an encryption context that equals, or for a subset, and not both')
  if (key.usage !== 'encrypt' || !symmetric || operations.length === 0)
    throw wrong('Only symmetric encryption keys have an encryption context')
  const pairs = equals ?? subset ?? {}
  const count = Object.keys(pairs).length
  if (count === 0 || count > CONSTRAINT_PAIRS_MAX)
    throw wrong(`A constraint has 1 to ${CONSTRAINT_PAIRS_MAX} pairs`)
  return equals === undefined ? { subset: pairs } : { equals: pairs }
}

/**
 * Whoever may create grants only by a grant hands on what it holds, and no more (AWS KMS Developer Guide, Granting CreateGrant
 * permission). The grant that says so must still stand when the new one is written.
 */
async function parentOf(work: Work, asked: KeyGrant) {
  const held = work.session
    .grantsOn(asked.key)
    .find((grant) => grant.operations.includes('CreateGrant') && isNoWider(asked, grant))
  if (held === undefined) {
    throw new ClavigerError(
      'forbidden',
      'A grant that allows CreateGrant hands on its own operations and constraints, and no wider ones',
    )
  }
  return [(await own<KeyGrant>(work, 'grant', rowIdOf(held))).standing]
}

/** The grant that the same request with the same name made before. */
async function sameGrant(work: Work, asked: KeyGrant) {
  if (asked.name === undefined) return undefined
  const id = rowIdOf(asked)
  const row = await newestRow(work.parts.store, { kind: 'grant', id })
  return (
    row && {
      value: work.parts.seals.open<KeyGrant>(row),
      standing: { kind: 'grant' as const, id, revision: row.revision },
    }
  )
}
