import { newGrantId, starPattern } from '#access'
import { everyRowOf, newId } from '#keyring'
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
import type { Replaced } from './replacements.ts'

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

/** What is said of any key in the tenant, read once. */
interface Rules {
  readonly bindings: readonly Read<Binding>[]
  readonly stepUps: readonly Read<StepUpRule>[]
  readonly approvals: readonly Read<ApprovalPolicy>[]
}

/**
 * The rows that move or copy what compromised keys have to their replacements. The names go at once; who was allowed something by them
 * keeps it on the old key while it is contained, since the names do not lead there any more.
 */
export async function inherited(
  work: Work,
  replaced: readonly Replaced[],
  containment: Containment,
): Promise<Inherited> {
  const rules: Rules = {
    bindings: await every<Binding>(work, 'binding'),
    stepUps: await every<StepUpRule>(work, 'stepUpRule'),
    approvals: await every<ApprovalPolicy>(work, 'approvalPolicy'),
  }
  const parts: Inherited[] = []
  for (const one of replaced) parts.push(await inheritedBy(work, one, rules, containment))
  return {
    aliases: parts.flatMap(({ aliases }) => aliases),
    rows: parts.flatMap(({ rows }) => rows),
    unchanged: parts.flatMap(({ unchanged }) => unchanged),
  }
}

async function inheritedBy(
  work: Work,
  { old, by }: Replaced,
  rules: Rules,
  containment: Containment,
): Promise<Inherited> {
  const { now } = work
  const scope: Scope = { kind: 'key', key: by.key }
  const aliases = await ofKey<Alias>(work, 'alias', old.id)
  const grants = await ofKey<KeyGrant>(work, 'grant', old.id)
  const dependents = await ofKey<Dependent>(work, 'dependent', old.id)
  const names = aliases.map(({ value }) => value.alias)
  const byKey = rules.bindings.filter(({ value }) => isOf(value.scope, old.id))
  const byName = rules.bindings.filter(({ value }) => isByName(value.scope, names))
  const kept = byName.map(({ value }) => keptWhile(value, old.id, containment))
  const stepUps = rules.stepUps.filter(({ value }) => isOf(value.scope, old.id))
  const approvals = rules.approvals.filter(({ value }) => isOf(value.scope, old.id))
  return {
    aliases: names,
    rows: [
      ...aliases.map(({ value }) =>
        aliasRow(old.tenant, { ...value, key: by.key, updatedAt: now }),
      ),
      ...byKey.map(({ value }) => bindingRow({ ...value, id: newId(), scope, createdAt: now })),
      ...kept.filter(({ expiresAt }) => expiresAt > now).map(bindingRow),
      ...stepUps.map(({ value }) =>
        stepUpRuleRow({ ...value, id: newId(), scope, createdAt: now }),
      ),
      ...approvals.map(({ value }) =>
        approvalPolicyRow({ ...value, id: newId(), scope, createdAt: now }),
      ),
      ...grants.map(({ value }) =>
        grantRow({ ...value, id: newGrantId(), key: by.key, createdAt: now }),
      ),
      ...dependents.map(({ value }) =>
        dependentRow({ ...value, id: newId(), key: by.key, createdAt: now, acknowledged: [] }),
      ),
    ],
    unchanged: [aliases, byKey, byName, stepUps, approvals, grants, dependents].flatMap((read) =>
      read.map(({ standing }) => standing),
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
