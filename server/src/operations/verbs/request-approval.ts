import {
  automaticOperations,
  inputWithoutSecrets,
  operations,
  withoutSecrets,
  type OperationName,
} from '@claviger/contract'
import type { ApprovalStatement } from '@claviger/contract/ledger'
import { digestOf, tenantTarget, type StandingPolicy, type Target } from '#access'
import { newId, randomSecret } from '#keyring'
import { canonicalJson, ClavigerError, type Approval } from '#model'
import { askedText, keysOf, namedBy, rolesOf, wrapAsked } from '../approvals.ts'
import { approvedText, operationNamed } from '../canonical-input.ts'
import { noSuchKey } from '../lookup.ts'
import { mayDo } from '../may.ts'
import type { Subject } from '../parts.ts'
import { approvalRow } from '../rows.ts'
import { approvalView } from '../rule-views.ts'
import { target } from '../target.ts'
import type { ChangeVerb } from '../verb.ts'
import type { Work } from '../work.ts'

/** Asking others to approve an operation. */

const HOUR_MS = 3_600_000
/** The longest input, in bytes of canonical JSON. */
const INPUT_BYTES_MAX = 65_536
/** The longest statement, in bytes: it stands in a record of the ledger. */
const STATEMENT_BYTES_MAX = 24_576
const SALT_BYTES = 16

interface Wanted {
  readonly name: OperationName
  readonly input: Subject
  readonly text: string
}

/** @throws ClavigerError invalid_request, payload_too_large */
function readWanted(operation: string, given: Readonly<Record<string, unknown>>): Wanted {
  const row = operationNamed(operation)
  if (row === undefined || row.effect === 'ceremony' || ['none', 'any'].includes(row.action)) {
    throw new ClavigerError('invalid_request', 'There is no such operation that can be approved', {
      field: 'operation',
    })
  }
  if (withoutSecrets(row, given) !== given) {
    throw new ClavigerError(
      'invalid_request',
      `Leave the secrets out (${row.secrets?.join(', ')}): whoever decides sees the input, and approves it whatever they are`,
      { field: 'input' },
    )
  }
  const read = inputWithoutSecrets(row).safeParse(given)
  if (!read.success) {
    throw new ClavigerError('invalid_request', 'This is not an input of the operation', {
      field: ['input', ...(read.error.issues[0]?.path ?? [])].join('.'),
    })
  }
  const text = approvedText(row.name, read.data)
  if (Buffer.byteLength(text) > INPUT_BYTES_MAX)
    throw new ClavigerError('payload_too_large', 'An input to approve is at most 64 KiB of JSON')
  return { name: row.name, input: read.data as Subject, text }
}

function notAllowed(): ClavigerError {
  return new ClavigerError(
    'forbidden',
    'The principal may not do this, so others need not approve it',
  )
}

/**
 * What the operation is about, as far as it can be told before it is done.
 *
 * @throws ClavigerError not_found for a key that is not there, but to whoever may not do it: forbidden, as for one that is
 */
function targetsOf(work: Work, { name, input }: Wanted, references: readonly string[]): Target[] {
  const targets: Target[] = []
  const labels = input['labels'] as Readonly<Record<string, string>> | undefined
  const set = input['set'] as Readonly<Record<string, string>> | undefined
  for (const reference of references) {
    const found = work.found(reference)
    if (found === undefined) throw mayDo(work, name, tenantTarget) ? noSuchKey() : notAllowed()
    const on = target(found, work.caller, work.origin)
    targets.push(on)
    // The labels that it will have count too.
    if (labels !== undefined) targets.push({ ...on, labels })
    if (typeof set === 'object') targets.push({ ...on, labels: { ...on.labels, ...set } })
  }
  return targets
}

/** The actions that an operation may need beside its own. */
function alsoNeeded({ name, input }: Pick<Wanted, 'name' | 'input'>): string[] {
  // By whoever does not hold the grant.
  if (name === 'grant.retire') return ['grant.revoke']
  const makes = name === 'key.create' || name === 'key.import'
  if (!makes && name !== 'key.replicate') return []
  return [
    ...(makes ? [] : ['key.create']),
    ...(input['alias'] === undefined ? [] : ['alias.create']),
    ...(input['policy'] === undefined ? [] : ['policy.put']),
  ]
}

/** What the operation is asked as. */
function actionsOf(wanted: Pick<Wanted, 'name' | 'input'>): readonly string[] {
  return [operations[wanted.name].action, ...alsoNeeded(wanted)]
}

/** Whether it is about keys that its input does not name. */
function isAboutOthers(name: OperationName): boolean {
  return name === 'key.setPrimary' || name.startsWith('alias.')
}

/** The policies that ask for the approval; where it cannot be told what it is about, all that might. */
function policiesOf(work: Work, wanted: Wanted, targets: readonly Target[]): StandingPolicy[] {
  const { rules } = work.identity
  const policies = new Map<string, StandingPolicy>()
  for (const action of actionsOf(wanted)) {
    if (rules === undefined) continue
    const found =
      targets.length === 0 || isAboutOthers(wanted.name)
        ? rules.approvalsOf(action)
        : targets.flatMap((on) => rules.approvals(action, on))
    for (const standing of found) policies.set(standing.policy.id, standing)
  }
  if (policies.size === 0) throw new ClavigerError('conflict', 'Nobody need approve this; do it')
  return [...policies.values()]
}

function assertMay(work: Work, { name, input }: Wanted, targets: readonly Target[]): void {
  const before = work.subject
  work.subject = input
  try {
    const may =
      targets.length === 0
        ? mayDo(work, name, tenantTarget) || work.identity.holds(operations[name].action, work.now)
        : targets.every((on) => mayDo(work, name, on))
    if (!may) throw notAllowed()
  } finally {
    work.subject = before
  }
}

/**
 * Refuses what the server cannot do by itself, before anybody approves it.
 *
 * @throws ClavigerError invalid_request, conflict
 */
function assertAutomatic(work: Work, wanted: Wanted, targets: readonly Target[]): void {
  if (!automaticOperations.has(wanted.name)) {
    throw new ClavigerError(
      'invalid_request',
      'The server does not do this by itself: the answer, a secret or a person who is there belongs to it; ask without automatic',
      { field: 'automatic' },
    )
  }
  const on = targets.length === 0 ? [tenantTarget] : targets
  for (const action of actionsOf(wanted)) {
    if (!on.some((each) => work.identity.rules?.stepUps(action, each).length)) continue
    throw new ClavigerError(
      'conflict',
      'A step-up rule asks whoever does this for a fresh proof, which the server has not; ask without automatic',
    )
  }
}

/** What a policy asks for now. */
function needOf({ policy }: StandingPolicy) {
  const { id, approvals, principals, groups, signed } = policy
  return {
    policy: id,
    approvals,
    principals: [...principals],
    groups: [...groups],
    signed,
  }
}

/** The request as it is kept: the statement says everything that is approved. */
function makeApproval(
  work: Work,
  wanted: Wanted,
  about: {
    readonly asked: string
    readonly keys: Readonly<Record<string, number>>
    readonly roles: Readonly<Record<string, number>>
    readonly named: readonly string[]
    readonly policies: readonly StandingPolicy[]
    readonly comment: string
    readonly automatic: boolean
  },
): Approval {
  const id = newId()
  const { tenant, principal: requester } = work.caller
  const { asked, keys, roles, named, policies, comment } = about
  const automatic = about.automatic ? { automatic: true as const } : {}
  const needs = policies.map(needOf)
  const [first, ...others] = Object.keys(keys)
  const key = others.length === 0 ? first?.slice('key/'.length) : undefined
  const rows: Record<string, number> = { ...keys, ...roles }
  for (const { policy, revision } of policies) rows[`approvalPolicy/${policy.id}`] = revision
  const inputDigest = digestOf(asked)
  const createdAt = work.now
  const expiresAt = createdAt + Math.min(...policies.map(({ policy }) => policy.hours)) * HOUR_MS
  const operation = wanted.name
  const said = { request: id, tenant, requester, operation, input: inputDigest, key, rows, needs }
  const stated: ApprovalStatement = { ...said, createdAt, expiresAt, ...automatic }
  const statement = canonicalJson(stated)
  if (Buffer.byteLength(statement) > STATEMENT_BYTES_MAX)
    throw new ClavigerError(
      'payload_too_large',
      'This is about too many keys, policies or approvers for one request',
    )
  return {
    id,
    tenant,
    requester,
    statement,
    digest: digestOf(statement),
    operation,
    inputDigest,
    ...(key === undefined ? {} : { key }),
    rows,
    named,
    needs,
    comment,
    state: 'pending',
    decisions: [],
    createdAt,
    expiresAt,
    ...automatic,
  }
}

export const requestApproval: ChangeVerb<'approval.request'> = {
  kind: 'change',
  async run(input, work) {
    work.authorizeAnybody()
    const wanted = readWanted(input.operation, input.input)
    const references = work.parts.referencesOf(wanted.name, wanted.input)
    await work.locate(references)
    const targets = targetsOf(work, wanted, references)
    assertMay(work, wanted, targets)
    const policies = policiesOf(work, wanted, targets)
    const { comment, automatic = false } = input
    if (automatic) assertAutomatic(work, wanted, targets)
    const [keys, named] = [keysOf(work, references), namedBy(work, references)]
    const salt = randomSecret(SALT_BYTES).toString('base64url')
    const asked = askedText(wanted.text, salt)
    const roles = await rolesOf(work, wanted.input)
    const about = { asked, keys, roles, named, policies, comment, automatic }
    const approval = makeApproval(work, wanted, about)
    const { id, operation, digest, statement, key } = approval
    return {
      additive: true,
      rows: [approvalRow(approval, wrapAsked(work, approval, asked))],
      absent: [{ kind: 'approval', id }],
      subject: id,
      ...(key === undefined ? {} : { key }),
      detail: { operation, digest, statement },
      output: approvalView(approval, {
        input: JSON.parse(wanted.text) as Record<string, unknown>,
        salt,
      }),
    }
  },
}
