import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type {
  Batch,
  CandidateQuery,
  Change,
  CommitResult,
  Due,
  DueQuery,
  ListQuery,
  RowReference,
  Store,
} from '#store'
import {
  batchOf,
  hex,
  integrateAll,
  leafHash,
  plainEntries,
  plainRoot,
  plainRow,
  writeOf,
  type Harness,
} from '../harness.ts'
import { PlainStore } from '../plain-store.ts'

/** A small world, so that random changes meet each other. */
const subject = fc
  .tuple(fc.constantFrom('key', 'alias'), fc.constantFrom('a', 'b', 'c', 'a/0'))
  .map(([kind, id]) => ({ kind, id }) as const)
const facet = fc.tuple(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2'))
const tenant = fc.constantFrom('default', 'other')

const limit = (max: number) => fc.integer({ min: 1, max })
/** Counters are watched of keys alone. */
const due: fc.Arbitrary<Due> = fc
  .record({
    job: fc.constantFrom('i', 'j'),
    at: fc.option(fc.nat(20)),
    version: fc.option(fc.constantFrom(1, 2)),
    limits: fc.record(
      { uses: limit(15), bytes: limit(150), wraps: limit(15) },
      { requiredKeys: [] },
    ),
  })
  .map(({ job, at, version, limits }) => ({
    job,
    ...(at === null ? {} : { at }),
    ...(version === null ? {} : { counters: { version, ...limits } }),
  }))

const changePlan = fc.record({
  writes: fc.array(
    fc.record({
      subject,
      tenant,
      facets: fc.array(facet, { maxLength: 3 }),
      due: fc.uniqueArray(due, { maxLength: 2, selector: ({ job }) => job }),
    }),
    { maxLength: 3 },
  ),
  removals: fc.array(subject, { maxLength: 1 }),
  absent: fc.array(subject, { maxLength: 1 }),
  unchanged: fc.array(subject, { maxLength: 1 }),
  /** Whether a condition speaks of the revision that stands, or of one too old. */
  current: fc.boolean(),
})

const batchPlan = fc.record({
  stale: fc.oneof(
    { weight: 9, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  texts: fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 4 }),
  time: fc.nat(20),
  facets: fc.uniqueArray(fc.constantFrom('f', 'g', 'h'), { maxLength: 3 }),
  counters: fc.array(
    fc.record({
      key: fc.constantFrom('a', 'b'),
      version: fc.constantFrom(1, 2),
      uses: fc.nat(9),
      bytes: fc.nat(99),
      wraps: fc.nat(9),
    }),
    { maxLength: 3 },
  ),
  changes: fc.array(changePlan, { maxLength: 2 }),
  integrate: fc.option(fc.nat(8), { nil: undefined }),
})

type ChangePlan = typeof changePlan extends fc.Arbitrary<infer T> ? T : never
type BatchPlan = typeof batchPlan extends fc.Arbitrary<infer T> ? T : never

const listQuery: fc.Arbitrary<ListQuery> = fc
  .record({
    kind: fc.constantFrom('key', 'alias'),
    tenant,
    facets: fc.array(facet, { maxLength: 3 }),
    after: fc.option(fc.constantFrom('', 'a', 'b')),
    limit: fc.integer({ min: 1, max: 4 }),
  } as const)
  .map(({ after, ...query }) => (after === null ? query : { ...query, after }))

const dueQuery: fc.Arbitrary<DueQuery> = fc
  .record({
    job: fc.constantFrom('i', 'j'),
    until: fc.nat(20),
    after: fc.option(fc.tuple(fc.nat(20), subject)),
    limit: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ after, ...query }) =>
    after === null ? query : { ...query, after: { at: after[0], ...after[1] } },
  )

const candidateQuery: fc.Arbitrary<CandidateQuery> = fc
  .record({
    facets: fc.uniqueArray(fc.constantFrom('f', 'g', 'h'), { maxLength: 3 }),
    since: fc.option(fc.nat(20)),
    until: fc.option(fc.nat(20)),
    after: fc.option(fc.nat(60)),
    order: fc.constantFrom('ascending', 'descending'),
    batches: fc.integer({ min: 1, max: 5 }),
  } as const)
  .map(({ since, until, after, ...query }) => ({
    ...query,
    ...(since === null ? {} : { since }),
    ...(until === null ? {} : { until }),
    ...(after === null ? {} : { after }),
  }))

export function historyDuties(harness: Harness): void {
  test('after any history, a store answers as a plain one does', async () => {
    const history = fc.array(batchPlan, { minLength: 1, maxLength: 15 })
    const questions = fc.record({
      lists: fc.array(listQuery, { maxLength: 10 }),
      searches: fc.array(candidateQuery, { maxLength: 20 }),
      dues: fc.array(dueQuery, { maxLength: 10 }),
    })
    await fc.assert(
      fc.asyncProperty(
        history,
        questions,
        fc.integer({ min: 1, max: 20 }),
        async (plans, { lists, searches, dues }, slice) => {
          await using place = await harness.place()
          const store = await place.open()
          const plain = new PlainStore()
          for (const plan of plans) {
            const batch = toBatch(plan, plain)
            const expected = plain.commit(batch, plan.texts)
            assert.deepEqual(sorted(await store.commit(batch)), sorted(expected))
          }
          await assertAlike(store, plain)
          for (const query of lists)
            assert.deepEqual(
              (await store.list(query)).map(plainRow),
              plain.list(query).map(plainRow),
            )
          for (const { kind, tenant, facets } of lists) {
            for (const facet of facets) {
              assert.equal(
                await store.count({ kind, tenant, facet }),
                plain.list({ kind, tenant, facets: [facet], limit: Infinity }).length,
              )
            }
          }
          for (const query of dues) assert.deepEqual(await store.due(query), plain.due(query))
          for (const query of searches) {
            assert.deepEqual(
              plainEntries(await store.candidates(query)),
              plainEntries(plain.candidates(query)),
            )
          }
          const { size, root } = await integrateAll(store, slice)
          const leaves = plain.entries().map(({ bytes }) => leafHash(bytes))
          assert.deepEqual([size, hex(root)], [leaves.length, hex(plainRoot(leaves))])
        },
      ),
      { numRuns: harness.histories },
    )
  })
}

function toBatch(plan: BatchPlan, plain: PlainStore): Batch {
  const { revision } = plain.head()
  const expectedRevision = plan.stale && revision > 0 ? revision - 1 : revision
  const changes = plan.changes.map((each, position) =>
    toChange(each, expectedRevision + position + 1, plain),
  )
  return batchOf(plan.texts, {
    expectedRevision,
    time: plan.time,
    facets: plan.facets,
    counters: plan.counters,
    changes,
    ...(plan.integrate === undefined ? {} : { integrate: plan.integrate }),
  })
}

function toChange(plan: ChangePlan, revision: number, plain: PlainStore): Change {
  return {
    writes: plan.writes.map((write) =>
      writeOf(
        write.subject.kind,
        write.subject.id,
        revision,
        { tenant: write.tenant },
        write.facets,
        write.due.map(({ counters, ...rest }, index) =>
          write.subject.kind === 'key' && index === 0 && counters !== undefined
            ? { ...rest, counters }
            : rest,
        ),
      ),
    ),
    removals: plan.removals,
    absent: plan.current ? [] : plan.absent,
    unchanged: plan.unchanged.map((each) => ({
      ...each,
      revision: (plain.row(each)?.revision ?? 0) - (plan.current ? 0 : 1),
    })),
  }
}

async function assertAlike(store: Store, plain: PlainStore): Promise<void> {
  assert.deepEqual(await store.head(), plain.head())
  assert.deepEqual(plainEntries(await store.entries(0, 100)), plainEntries(plain.entries()))
  const subjects: RowReference[] = ['a', 'b', 'c', 'a/0'].flatMap((id) => [
    { kind: 'key', id },
    { kind: 'alias', id },
  ])
  assert.deepEqual(
    (await store.rows(subjects)).map(plainRow),
    subjects.map((each) => plainRow(plain.row(each))),
  )
  assert.deepEqual(
    await store.lastChanged(subjects),
    subjects.map((each) => plain.lastChanged(each)),
  )
  for (let revision = 0; revision <= plain.head().revision; revision += 1) {
    assert.deepEqual(names(await store.changedSince(revision)), names(plain.changedSince(revision)))
  }
  for (const id of ['a', 'b']) {
    const key = await store.key(id)
    if (plain.row({ kind: 'key', id }) === undefined) assert.equal(key, undefined)
    else assert.deepEqual(key?.counters, plain.counters(id))
  }
}

function names(references: readonly RowReference[]): string[] {
  return references.map(({ kind, id }) => `${kind} ${id}`).toSorted()
}

/** What changed comes in no order that anybody promised. */
function sorted(result: CommitResult) {
  return result.kind === 'moved' ? { ...result, changed: names(result.changed) } : result
}
