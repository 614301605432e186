import { noticeTypeOf, type OutputOf } from '@claviger/contract'
import { newId } from '#keyring'
import { acknowledging, ClavigerError, type Dependent } from '#model'
import { givenNames } from '../given-names.ts'
import { recordAt } from '../notices.ts'
import { assertOwner } from '../owner.ts'
import { dependentRow } from '../rows.ts'
import { allOf } from '../until-recorded.ts'
import type { ChangeVerb, Plan, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { assertNotDestroyed } from './change-key.ts'
import { wakingCases } from './compromise/waking.ts'
import { own } from './own.ts'
import { pageOfKeys } from './page-of-keys.ts'
import { removalsOf, SUBSCRIPTIONS_MAX } from './subscriptions.ts'

/** What is declared to depend on keys. It allows nobody anything; it is what a revocation and a destruction ask about first. */

/** Of one key, so that what it would hit can be shown whole. */
const DEPENDENTS_PER_KEY_MAX = 1_000

export function dependentView(dependent: Dependent): OutputOf<'dependent.get'> {
  const { id, key, name, kind, owner, contact, description, createdAt, updatedAt } = dependent
  return {
    id,
    key,
    name,
    kind,
    owner,
    contact,
    description,
    createdAt,
    ...(updatedAt === undefined ? {} : { updatedAt }),
    acknowledged: dependent.acknowledged.map((one) => ({ ...one })),
  }
}

async function assertRoom(work: Work, key: string): Promise<void> {
  const rows = await work.parts.store.list({
    kind: 'dependent',
    tenant: work.caller.tenant,
    facets: [['key', key]],
    limit: DEPENDENTS_PER_KEY_MAX,
  })
  if (rows.length >= DEPENDENTS_PER_KEY_MAX)
    throw new ClavigerError('conflict', 'The key has as many dependents as it can; remove some')
}

export const createDependent: ChangeVerb<'dependent.create'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    await assertOwner(work, input.owner)
    await assertRoom(work, ringKey.key.id)
    const dependent: Dependent = {
      id: newId(),
      tenant: work.caller.tenant,
      key: ringKey.key.id,
      name: input.name,
      kind: input.kind,
      owner: input.owner ?? work.caller.principal,
      contact: input.contact,
      description: input.description,
      createdAt: work.now,
      acknowledged: [],
    }
    return wakingCases(work, ringKey, {
      // Whoever ends the key is to have seen it.
      additive: false,
      rows: [dependentRow(dependent)],
      absent: [{ kind: 'dependent', id: dependent.id }],
      key: dependent.key,
      subject: dependent.id,
      output: dependentView(dependent),
    })
  },
}

/** A dependent that the caller may change: its owner, and whoever may do this to its key. @throws ClavigerError not_found, forbidden */
async function changeable(work: Work, id: string) {
  const found = await own<Dependent>(work, 'dependent', id).catch((error: unknown) => {
    // Who may do this nowhere does not learn which there are.
    work.authorize()
    throw error
  })
  if (found.value.owner === work.caller.principal) work.authorizeAnybody()
  else {
    await work.locate([found.value.key])
    work.key(found.value.key)
  }
  return found
}

/** The plan that writes what a dependent becomes. */
function planNext(
  { value, standing: row }: Awaited<ReturnType<typeof changeable>>,
  next: Dependent,
): Plan<OutputOf<'dependent.get'>> {
  return {
    additive: false,
    rows: next === value ? [] : [dependentRow(next)],
    unchanged: [row],
    key: value.key,
    subject: value.id,
    output: dependentView(next),
  }
}

export const updateDependent: ChangeVerb<'dependent.update'> = {
  kind: 'change',
  async run({ dependent: id, ...changes }, work) {
    const { name, owner, contact, description } = changes
    const found = await changeable(work, id)
    await assertOwner(work, owner)
    const { value } = found
    const plan = planNext(found, {
      ...value,
      name: name ?? value.name,
      owner: owner ?? value.owner,
      contact: contact ?? value.contact,
      description: description ?? value.description,
      updatedAt: work.now,
    })
    const changed = givenNames(changes)
    return { ...plan, detail: { changed, ...(owner === undefined ? {} : { owner }) } }
  },
}

/** A case of a compromise may have waited for just this. */
async function waking<Output>(work: Work, plan: Plan<Output>): Promise<Plan<Output>> {
  const ringKey = await work.parts.ring.load(plan.key ?? '')
  return ringKey === undefined ? plan : wakingCases(work, ringKey, plan)
}

/** The subscriptions that it hears by, and what waits for them. */
async function heardBy(work: Work, dependent: string) {
  const query = {
    kind: 'subscription',
    tenant: work.caller.tenant,
    facets: [['dependent', dependent]],
    limit: SUBSCRIPTIONS_MAX,
  } as const
  const rows = await allOf(
    work,
    async () => [...(await work.parts.store.list(query))],
    ({ id }) => [id],
    'It hears by one more subscription since; remove it again',
  )
  return (await Promise.all(rows.map(({ id }) => removalsOf(work, id)))).flat()
}

export const removeDependent: ChangeVerb<'dependent.remove'> = {
  kind: 'change',
  async run(input, work) {
    const { value, standing: row } = await changeable(work, input.dependent)
    return waking(work, {
      additive: false,
      rows: [],
      removals: [{ kind: 'dependent', id: value.id }, ...(await heardBy(work, value.id))],
      unchanged: [row],
      key: value.key,
      subject: value.id,
      output: {},
    })
  },
}

/** @throws ClavigerError not_found where there is no notice of that index about the key */
async function assertNotice(work: Work, key: string, index: number): Promise<void> {
  const record = await recordAt(work.parts.store, index)
  if (record?.key !== key || noticeTypeOf(record) === undefined)
    throw new ClavigerError('not_found', 'There is no notice of that index about the key')
}

export const acknowledgeNotice: ChangeVerb<'dependent.acknowledge'> = {
  kind: 'change',
  async run({ dependent: id, notice }, work) {
    const found = await changeable(work, id)
    await assertNotice(work, found.value.key, notice)
    const made = { notice, at: work.now, by: work.caller.principal }
    const plan = planNext(found, acknowledging(found.value, made))
    return waking(work, { ...plan, detail: { notice } })
  },
}

export const getDependent: ReadVerb<'dependent.get'> = {
  kind: 'read',
  async run(input, work) {
    work.authorizeSomewhere()
    const { value } = await own<Dependent>(work, 'dependent', input.dependent)
    if (value.owner !== work.caller.principal) {
      await work.locate([value.key])
      work.key(value.key)
    }
    return dependentView(value)
  },
}

export const listDependents: ReadVerb<'dependent.list'> = {
  kind: 'read',
  run: (input, work) =>
    pageOfKeys(
      work,
      { kind: 'dependent', input, facets: { owner: input.owner } },
      (one: Dependent) => dependentView(one),
    ),
}
