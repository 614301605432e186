import { newGrantId, starPattern } from '#access'
import { everyRowOf, newId, type RingKey } from '#keyring'
import type {
  ApprovalPolicy,
  Binding,
  Containment,
  Dependent,
  KeyGrant,
  Scope,
  StepUpRule,
} from '#model'
import type { Row, RowKind, RowStanding } from '#store'
import { rowsOfKey } from '../../rows-of-key.ts'
import {
  aliasRow,
  approvalPolicyRow,
  bindingRow,
  dependentRow,
  grantRow,
  stepUpRuleRow,
  type Alias,
} from '../../rows.ts'
import type { PlannedRow } from '../../verb.ts'
import type { Work } from '../../work.ts'

/**
 * What a replacement takes over from a compromised key, so that whoever could use the one can use the other and nobody else: names, roles,
 * grants, the rules that ask for proofs and approvals, and what depends on it.
 */

export interface Inherited {
  readonly rows: readonly PlannedRow[]
  /** The rows it was read from, as they stood. */
  readonly unchanged: readonly RowStanding[]
  readonly aliases: readonly string[]
}

interface Read<Value> {
  readonly value: Value
  readonly standing: RowStanding
}

function opened<Value>(work: Work, row: Row): Read<Value> {
  const { kind, id, revision } = row
  return { value: work.parts.seals.open<Value>(row), standing: { kind, id, revision } }
}

async function ofKey<Value>(work: Work, kind: RowKind, key: string): Promise<Read<Value>[]> {
  return (await rowsOfKey(work, kind, key)).map((row) => opened<Value>(work, row))
}

/** Every row of a kind in the tenant. */
async function every<Value>(work: Work, kind: RowKind): Promise<Read<Value>[]> {
  const found: Read<Value>[] = []
  const query = { kind, tenant: work.caller.tenant, facets: [] }
  for await (const row of everyRowOf(work.parts.store, query)) found.push(opened<Value>(work, row))
  return found
}

function isOf(scope: Scope, key: string): boolean {
  return scope.kind === 'key' && scope.key === key
}

/**
 * The rows that move or copy what the compromised key has to its replacement. The names go at once; who was allowed something by them
 * keeps it on the old key while it is contained, since the names do not lead there any more.
 */
export async function inherited(
  work: Work,
  { key: old }: RingKey,
  replacement: string,
  containment: Containment,
): Promise<Inherited> {
  const { now } = work
  const scope: Scope = { kind: 'key', key: replacement }
  const aliases = await ofKey<Alias>(work, 'alias', old.id)
  const bindings = await every<Binding>(work, 'binding')
  const stepUps = await every<StepUpRule>(work, 'stepUpRule')
  const approvals = await every<ApprovalPolicy>(work, 'approvalPolicy')
  const grants = await ofKey<KeyGrant>(work, 'grant', old.id)
  const dependents = await ofKey<Dependent>(work, 'dependent', old.id)
  const names = aliases.map(({ value }) => value.alias)
  const byKey = bindings.filter(({ value }) => isOf(value.scope, old.id))
  const byName = bindings.filter(({ value }) => isByName(value.scope, names))
  const kept = byName.map(({ value }) => keptWhile(value, old.id, containment))
  const ruled = [...stepUps, ...approvals].filter(({ value }) => isOf(value.scope, old.id))
  return {
    aliases: names,
    rows: [
      ...aliases.map(({ value }) =>
        aliasRow(old.tenant, { ...value, key: replacement, updatedAt: now }),
      ),
      ...byKey.map(({ value }) => bindingRow({ ...value, id: newId(), scope, createdAt: now })),
      ...kept.filter(({ expiresAt }) => expiresAt > now).map(bindingRow),
      ...stepUps
        .filter(({ value }) => isOf(value.scope, old.id))
        .map(({ value }) => stepUpRuleRow({ ...value, id: newId(), scope, createdAt: now })),
      ...approvals
        .filter(({ value }) => isOf(value.scope, old.id))
        .map(({ value }) => approvalPolicyRow({ ...value, id: newId(), scope, createdAt: now })),
      ...grants.map(({ value }) =>
        grantRow({ ...value, id: newGrantId(), key: replacement, createdAt: now }),
      ),
      ...dependents.map(({ value }) =>
        dependentRow({ ...value, id: newId(), key: replacement, createdAt: now, acknowledged: [] }),
      ),
    ],
    unchanged: [...aliases, ...byKey, ...byName, ...ruled, ...grants, ...dependents].map(
      ({ standing }) => standing,
    ),
  }
}

function isByName(scope: Scope, names: readonly string[]): boolean {
  if (scope.kind !== 'alias') return false
  const pattern = starPattern(scope.pattern)
  return pattern !== undefined && names.some((name) => pattern.matches(name))
}

/** The same role on the old key itself, until it decrypts no more. */
function keptWhile(binding: Binding, key: string, { until }: Containment) {
  return {
    ...binding,
    id: newId(),
    scope: { kind: 'key', key } as const,
    expiresAt: Math.min(until, binding.expiresAt ?? until),
  }
}
