import { newGrantId, starPattern } from '#access'
import { everyRowOf, newId } from '#keyring'
import type {
  ApprovalPolicy,
  Binding,
  BreakGlass,
  Containment,
  Dependent,
  KeyGrant,
  Scope,
  StepUpRule,
} from '#model'
import type { Row, RowKind, RowStanding } from '#store'
import { leavingByDate } from '../../occurrences/leaving.ts'
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
import { allOf } from '../../until-recorded.ts'
import type { PlannedRow } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { assertRoom } from '../rules.ts'
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

async function readRules(work: Work): Promise<Rules> {
  const bindings = await every<Binding>(work, 'binding')
  const glasses = await every<BreakGlass>(work, 'breakGlass')
  // What broken glass gave is for that emergency, and ends with it.
  const given = new Set(glasses.map(({ value: { use } }) => use?.binding))
  return {
    bindings: bindings.filter(({ value }) => !given.has(value.id)),
    stepUps: await every<StepUpRule>(work, 'stepUpRule'),
    approvals: await every<ApprovalPolicy>(work, 'approvalPolicy'),
  }
}

/** What one key has, and what is said of it. */
interface Held extends Rules {
  readonly aliases: readonly Read<Alias>[]
  readonly grants: readonly Read<KeyGrant>[]
  readonly dependents: readonly Read<Dependent>[]
  /** Bindings that reach it by its name. */
  readonly byName: readonly Read<Binding>[]
}

async function heldBy(work: Work, key: string, rules: Rules): Promise<Held> {
  const isOfKey = ({ value }: Read<{ readonly scope: Scope }>) => isOf(value.scope, key)
  const aliases = await ofKey<Alias>(work, 'alias', key)
  const names = aliases.map(({ value }) => value.alias)
  return {
    aliases,
    grants: await ofKey<KeyGrant>(work, 'grant', key),
    dependents: await ofKey<Dependent>(work, 'dependent', key),
    bindings: rules.bindings.filter(isOfKey),
    byName: rules.bindings.filter(({ value }) => isByName(value.scope, names)),
    stepUps: rules.stepUps.filter(isOfKey),
    approvals: rules.approvals.filter(isOfKey),
  }
}

async function readHeld(work: Work, replaced: readonly Replaced[]): Promise<Held[]> {
  const rules = await readRules(work)
  const all: Held[] = []
  for (const { old } of replaced) all.push(await heldBy(work, old.id, rules))
  return all
}

function standingsOf(held: Held): RowStanding[] {
  const { aliases, bindings, byName, stepUps, approvals, grants, dependents } = held
  return [aliases, bindings, byName, stepUps, approvals, grants, dependents].flatMap((read) =>
    read.map(({ standing }) => standing),
  )
}

/**
 * The rows that move or copy what compromised keys have to their replacements. The names go at once; who was allowed something by them
 * keeps it on the old key while it is contained, since the names do not lead there any more. None is left out that comes before the
 * change is recorded: a rule would be lost.
 */
export async function inherited(
  work: Work,
  replaced: readonly Replaced[],
  containment: Containment,
): Promise<Inherited> {
  const all = await allOf(
    work,
    () => readHeld(work, replaced),
    (held) => standingsOf(held).map(({ kind, id }) => `${kind}/${id}`),
    'Something was said of the key at this moment; do it again, so that it is said of the replacement, too',
  )
  await assertRoom(work, 'stepUpRule', all.flatMap(({ stepUps }) => stepUps).length)
  await assertRoom(work, 'approvalPolicy', all.flatMap(({ approvals }) => approvals).length)
  return {
    aliases: all.flatMap(({ aliases }) => aliases.map(({ value }) => value.alias)),
    rows: replaced.flatMap((one, at) => {
      const held = all[at]
      return held === undefined ? [] : rowsOf(work, one, held, containment)
    }),
    unchanged: all.flatMap(standingsOf),
  }
}

function rowsOf(work: Work, { old, by }: Replaced, held: Held, containment: Containment) {
  const { now } = work
  const scope: Scope = { kind: 'key', key: by.key }
  const standing = held.bindings.filter(({ value: { expiresAt = Infinity } }) => expiresAt > now)
  const taken = standing.map(({ value }): Binding => {
    return { ...value, id: newId(), scope, createdAt: now }
  })
  const kept = held.byName.map(({ value }) => keptWhile(value, old.id, containment))
  return [
    ...held.aliases.map(({ value }) =>
      aliasRow(old.tenant, { ...value, key: by.key, updatedAt: now }),
    ),
    ...taken.flatMap((binding) => [bindingRow(binding), ...leavingByDate(work, binding)]),
    ...kept.filter(({ expiresAt }) => expiresAt > now).map(bindingRow),
    ...held.stepUps.map(({ value }) =>
      stepUpRuleRow({ ...value, id: newId(), scope, createdAt: now }),
    ),
    ...held.approvals.map(({ value }) =>
      approvalPolicyRow({ ...value, id: newId(), scope, createdAt: now }),
    ),
    ...held.grants.map(({ value }) =>
      grantRow({ ...value, id: newGrantId(), key: by.key, createdAt: now }),
    ),
    ...held.dependents.map(({ value }) =>
      dependentRow({ ...value, id: newId(), key: by.key, createdAt: now, acknowledged: [] }),
    ),
  ]
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
