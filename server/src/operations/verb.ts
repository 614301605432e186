import type { InputOf, OperationName, OutputOf } from '@claviger/contract'
import type { RowContent, RowSeals } from '#keyring'
import type { ClavigerError } from '#model'
import type { RowReference, RowStanding, RowWrite } from '#store'
import type { Work } from './work.ts'

/**
 * A verb is what one operation does, once the gate has let it in. It reaches keys only through {@link Work}, which authorizes and
 * checks the key's state on the way, so no verb can forget to.
 */

/** Operations that pass the gate; the others are ceremonies around the seal, where there is no ledger yet. */
export type GatedName = Exclude<
  OperationName,
  'system.health' | 'system.ready' | 'system.status' | 'system.init' | 'system.unseal'
>

/** A row that a change writes, with the facets it is listed by, and what is due about it. */
export interface PlannedRow extends RowContent, Pick<RowWrite, 'facets' | 'due'> {}

/** What a change will do when it commits. Pure data, so that it can be sealed for the revision it gets. */
export interface Plan<Output> {
  /** It only adds: nothing authorized now could be refused after it. */
  readonly additive: boolean
  readonly rows: readonly PlannedRow[]
  readonly removals?: readonly RowReference[]
  /** Rows that must not exist; where one does, the caller is told `taken`. */
  readonly absent?: readonly RowReference[]
  readonly taken?: string
  /** Where one of the absent rows does exist, the plan is made anew from it, and the caller told nothing. */
  readonly anew?: boolean
  /** Rows the plan was computed from, at their revisions. */
  readonly unchanged?: readonly RowStanding[]
  /** What the record calls it, where the verb found out which operation it is. */
  readonly event?: OperationName
  /** For the record. */
  readonly key?: string
  /** Other keys that the same is done to, each with a record of its own. */
  readonly alsoOf?: readonly string[]
  readonly version?: number
  readonly subject?: string
  readonly detail?: Readonly<Record<string, string | number>>
  /** Seals the rows that stand under the root key, where it is not the present one that does: when that is being replaced. */
  readonly seals?: RowSeals
  readonly output: Output
  /** What the caller is told instead of the output, once the rows are written: an attempt that failed and counts. It is recorded so. */
  readonly refused?: ClavigerError
  /** Done once the change is durable, before the answer leaves. */
  readonly after?: () => void | Promise<void>
}

type Maybe<Value> = Value | Promise<Value>

export interface ReadVerb<Name extends GatedName> {
  readonly kind: 'read'
  run(input: InputOf<Name>, work: Work): Maybe<OutputOf<Name>>
}

export interface UseVerb<Name extends GatedName> {
  readonly kind: 'use'
  /** The keys, by id or alias, that are looked up before it runs. */
  references(input: InputOf<Name>): readonly string[]
  run(input: InputOf<Name>, work: Work): Maybe<OutputOf<Name>>
}

export interface ChangeVerb<Name extends GatedName> {
  readonly kind: 'change'
  references?(input: InputOf<Name>): readonly string[]
  /** Runs again when what it was computed from has changed meanwhile; {@link Work.once} keeps what is slow. */
  run(input: InputOf<Name>, work: Work): Maybe<Plan<OutputOf<Name>>>
}

export type Verb<Name extends GatedName> = ReadVerb<Name> | UseVerb<Name> | ChangeVerb<Name>

/** What only jobs do, as principal `system`: it has no row in the contract, no route and no role. */
export interface InternalVerb<Input, Output = unknown> {
  readonly kind: 'change'
  references(input: Input): readonly string[]
  run(input: Input, work: Work): Maybe<Plan<Output>>
}
