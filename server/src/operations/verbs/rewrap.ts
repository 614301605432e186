import type { InputOf, OutputOf } from '@claviger/contract'
import { newId, type RingKey } from '#keyring'
import {
  ClavigerError,
  envelopeKeyId,
  KeyError,
  keyRefusal,
  type Dependent,
  type RewrapRun,
} from '#model'
import type { RowStanding } from '#store'
import { rowsOfKey } from '../rows-of-key.ts'
import { standing } from '../rows.ts'
import { rewrapRow } from '../rows/rewrap.ts'
import type { ChangeVerb, Plan, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { SETTLING_MS, wakingCases } from './compromise/waking.ts'
import { own } from './own.ts'
import { pageOfKeys } from './page-of-keys.ts'
import { makeRoom, type StandingRun } from './rewrap-room.ts'

/**
 * Re-wrap runs. The server never sees where ciphertexts are: whoever holds them goes through them and reports here, and what is
 * reported decides whether an old version may be destroyed (left-behind.ts).
 */

type View = OutputOf<'rewrap.get'>

async function envelopeKeyOf(work: Work, key: string): Promise<string> {
  const ringKey = await work.parts.ring.load(key)
  return ringKey === undefined ? key : envelopeKeyId(ringKey.key)
}

async function view(work: Work, run: RewrapRun): Promise<View> {
  const { tenant: _tenant, sourceVersion: _version, into, ...shown } = run
  return {
    ...shown,
    envelopeKey: await envelopeKeyOf(work, run.key),
    into: { ...into, envelopeKey: await envelopeKeyOf(work, into.key) },
  }
}

function assertEncrypts({ key }: RingKey): void {
  if (key.usage === 'encrypt') return
  throw new KeyError('wrong_usage', 'Only what an encryption key protects can be re-wrapped', {
    key,
  })
}

/** The key that everything goes to. @throws KeyError wrong_state where nothing can go there */
function destinationOf(work: Work, reference: string, source: RingKey): RingKey {
  const destination = work.found(reference)
  if (destination === undefined) throw new ClavigerError('not_found', 'There is no key of that id')
  assertEncrypts(destination)
  const refused = keyRefusal(destination.key)
  if (refused !== undefined) {
    const why =
      destination === source ? `${refused.reason}; name the key it goes to` : refused.reason
    throw new KeyError('wrong_state', `Nothing can be re-wrapped to it: ${why}`, {
      key: destination.key,
      hindrance: refused.hindrance,
    })
  }
  return destination
}

/** That a store was declared for the key, and still is. @throws ClavigerError not_found, conflict */
async function assertStoreOf(work: Work, key: string, dependent: string | undefined) {
  if (dependent === undefined) return []
  const declared = await own<Dependent>(work, 'dependent', dependent)
  if (declared.value.key !== key || declared.value.kind !== 'store')
    throw new ClavigerError('conflict', 'The dependent is no store of what the key protects')
  return [declared.standing]
}

/** Every run of a key, with the condition that it still stands. */
async function runsOf(work: Work, key: string): Promise<StandingRun[]> {
  const rows = await rowsOfKey(work, 'rewrapRun', key)
  return rows.map((row) => ({
    value: work.parts.seals.open<RewrapRun>(row),
    standing: { kind: row.kind, id: row.id, revision: row.revision },
  }))
}

/** Whether a run is open in a place, or in a declared store. */
function isOpenIn(
  { value }: StandingRun,
  { source, dependent }: Pick<InputOf<'rewrap.start'>, 'source' | 'dependent'>,
): boolean {
  const isThere = dependent === undefined ? value.source === source : value.dependent === dependent
  return isThere && value.finishedAt === undefined
}

/**
 * Begins a run, or gives the one that is open, which is how a run that was stopped goes on. One whose destination has been overtaken,
 * by a rotation or because another key is named, is ended as incomplete and begun anew.
 */
export const startRewrap: ChangeVerb<'rewrap.start'> = {
  kind: 'change',
  references: (input) => [input.key, ...(input.into === undefined ? [] : [input.into])],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    assertEncrypts(ringKey)
    // What the answer says of it is for those to know who may do this there, too.
    if (input.into !== undefined) work.key(input.into)
    const { replacedBy } = ringKey.key
    if (input.into === undefined && replacedBy !== undefined) await work.locate([replacedBy])
    const destination = destinationOf(work, input.into ?? replacedBy ?? input.key, ringKey)
    const { id: key, tenant } = ringKey.key
    const into = { key: destination.key.id, version: destination.key.version }
    const declared = await assertStoreOf(work, key, input.dependent)
    const runs = await runsOf(work, key)
    const open = runs.find((run) => isOpenIn(run, input))
    const goesOn = open?.value.into.key === into.key && open.value.into.version === into.version
    if (open !== undefined && goesOn) {
      return {
        additive: true,
        rows: [],
        unchanged: [open.standing],
        key,
        subject: open.value.id,
        detail: { into: into.key, intoVersion: into.version },
        output: await view(work, open.value),
      }
    }
    // Of two that begin there at once, one would stay open for ever.
    work.relyOn(async () => {
      const other = (await runsOf(work, key)).find((run) => isOpenIn(run, input))
      if (other === undefined || other.value.id === open?.value.id) return
      throw new ClavigerError('conflict', 'Another run began there meanwhile; start again')
    })
    const room = makeRoom(runs)
    const overtaken: RewrapRun[] =
      open === undefined ? [] : [{ ...open.value, finishedAt: work.now, outcome: 'incomplete' }]
    const run: RewrapRun = {
      id: await work.once('id', () => Promise.resolve(newId())),
      tenant,
      key,
      sourceVersion: ringKey.key.version,
      source: input.source,
      ...(input.dependent === undefined ? {} : { dependent: input.dependent }),
      into,
      done: 0,
      already: 0,
      failed: 0,
      ...(input.total === undefined ? {} : { total: input.total }),
      startedAt: work.now,
      startedBy: work.caller.principal,
    }
    return {
      // No other run begins there now, and what the run's end will say is asked before a version goes.
      additive: false,
      rows: [...overtaken.map(rewrapRow), rewrapRow(run)],
      removals: room.map(({ kind, id }) => ({ kind, id })),
      absent: [{ kind: 'rewrapRun', id: run.id }],
      // That the versions are what they were said to be is what the run's end will be taken for.
      unchanged: [
        ...standing(ringKey),
        ...(destination === ringKey ? [] : standing(destination)),
        ...declared,
        ...(open === undefined ? [] : [open.standing]),
        ...room,
      ],
      key,
      subject: run.id,
      detail: { into: into.key, intoVersion: into.version },
      output: await view(work, run),
    }
  },
}

/** A run of the tenant, once the caller may do this to its key. @throws ClavigerError not_found, forbidden */
async function admitted(work: Work, id: string) {
  const found = await own<RewrapRun>(work, 'rewrapRun', id).catch((thrown: unknown) => {
    work.authorizeSomewhere()
    throw thrown
  })
  await work.locate([found.value.key])
  const { ringKey } = work.key(found.value.key)
  return { ...found, ringKey }
}

/** One that is still open. @throws ClavigerError wrong_state */
async function admittedOpen(work: Work, id: string) {
  const found = await admitted(work, id)
  if (found.value.finishedAt !== undefined)
    throw new ClavigerError('wrong_state', 'The run is over; begin another with rewrap.start')
  return found
}

interface Counts {
  readonly done: number
  readonly already: number
  readonly failed: number
  readonly total?: number | undefined
  readonly bytes?: number | undefined
  readonly position?: string | undefined
}

/** Reports may overtake one another; what was counted stays counted. What failed may succeed when it is tried again. */
function counted(run: RewrapRun, counts: Counts): RewrapRun {
  const { total = run.total, position = run.position } = counts
  const bytes = Math.max(run.bytes ?? 0, counts.bytes ?? 0)
  return {
    ...run,
    done: Math.max(run.done, counts.done),
    already: Math.max(run.already, counts.already),
    failed: counts.failed,
    ...(bytes === 0 ? {} : { bytes }),
    ...(total === undefined ? {} : { total }),
    ...(position === undefined ? {} : { position }),
  }
}

async function planRun(
  work: Work,
  run: RewrapRun,
  stood: RowStanding,
  outcome?: { readonly outcome: string },
): Promise<Plan<View>> {
  return {
    additive: true,
    rows: [rewrapRow(run)],
    unchanged: [stood],
    key: run.key,
    subject: run.id,
    detail: { ...outcome, done: run.done, already: run.already, failed: run.failed },
    output: await view(work, run),
  }
}

export const reportRewrap: ChangeVerb<'rewrap.report'> = {
  kind: 'change',
  async run(input, work) {
    const { value, standing: stood } = await admittedOpen(work, input.run)
    return planRun(work, { ...counted(value, input), reportedAt: work.now }, stood)
  },
}

export const finishRewrap: ChangeVerb<'rewrap.finish'> = {
  kind: 'change',
  async run(input, work) {
    const { value, standing: stood, ringKey } = await admittedOpen(work, input.run)
    const left = input.failed > 0 ? 'incomplete' : 'complete'
    const outcome = input.abandon === true ? 'abandoned' : left
    const finished = { ...counted(value, input), finishedAt: work.now, outcome } as const
    const plan = await planRun(work, finished, stood, { outcome })
    return wakingCases(work, ringKey, plan, SETTLING_MS)
  },
}

export const getRewrap: ReadVerb<'rewrap.get'> = {
  kind: 'read',
  run: async (input, work) => view(work, (await admitted(work, input.run)).value),
}

export const listRewraps: ReadVerb<'rewrap.list'> = {
  kind: 'read',
  run: (input, work) =>
    pageOfKeys(
      work,
      { kind: 'rewrapRun', input, facets: { state: input.state } },
      (run: RewrapRun) => view(work, run),
    ),
}
