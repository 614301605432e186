import { duties, type DutyName } from '@claviger/contract'
import { actionsOf, listRows, openRights, type Rights } from '#access'
import { readNewest } from '#keyring'
import { ClavigerError, type Membership, type Scope, type Separation } from '#model'
import type { RowStanding } from '#store'
import { separationRow } from './rows.ts'
import { holds } from './until-recorded.ts'
import type { PlannedRow } from './verb.ts'
import type { Work } from './work.ts'

/** What must hold before anybody gets a right: duties stay apart, and nobody widens their own rights. */

/** Separations of one tenant, which are looked at whenever somebody is given something; it has a handful. */
const SEPARATIONS_MAX = 100

/** The principals of a group. */
export async function membersOf(work: Work, group: string): Promise<string[]> {
  const { tenant } = work.caller
  const rows = await listRows<Membership>(work.parts, 'membership', tenant, ['group', group])
  return rows.filter((one) => one.group === group).map(({ principal }) => principal)
}

function dutiesOf(actions: ReadonlySet<string>): ReadonlySet<string> {
  const names = Object.entries(duties)
    .filter(([, some]) => actions.has('*') || some.some((action) => actions.has(action)))
    .map(([name]) => name)
  return new Set(names)
}

function isBroken(separation: Separation, actions: ReadonlySet<string>): boolean {
  const held = dutiesOf(actions)
  return separation.duties.filter((duty) => held.has(duty as DutyName)).length > 1
}

/** What a principal's bindings allow at any scope; those that have ended allow nothing. */
function actionsIn({ bindings, roles }: Rights, now: number): Set<string> {
  return new Set(
    bindings
      .filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now)
      .flatMap(({ role }) => actionsOf(role, roles)),
  )
}

/** What a plan needs besides its own rows, so that of two changes that each would do alone, not both happen. */
export interface KeptApart {
  readonly rows: readonly PlannedRow[]
  readonly unchanged: readonly RowStanding[]
}

/**
 * The separations as they stand; changes of rights write them again, and so come one after the other.
 *
 * @throws ClavigerError overloaded where there are more than are looked at: half of them would be a hole
 */
async function separationsOf(work: Work, tenant: string) {
  const { store, seals } = work.parts
  const rows = await readNewest(store, async () => {
    const found = await store.list({
      kind: 'separation',
      tenant,
      facets: [],
      limit: SEPARATIONS_MAX + 1,
    })
    return { rows: found, value: found }
  })
  if (rows !== undefined && rows.length > SEPARATIONS_MAX)
    throw new ClavigerError(
      'overloaded',
      `A tenant has more than ${SEPARATIONS_MAX} separations; remove some`,
    )
  return (rows ?? []).map((row) => ({
    separation: seals.open<Separation>(row),
    standing: { kind: row.kind, id: row.id, revision: row.revision },
  }))
}

/** @throws ClavigerError conflict where the tenant has as many separations as are looked at */
export function assertRoomForSeparation(work: Work): Promise<void> {
  return holds(work, async () => {
    const standing = await separationsOf(work, work.caller.tenant)
    if (standing.length < SEPARATIONS_MAX) return
    throw new ClavigerError('conflict', 'The tenant has as many separations as it can; delete some')
  })
}

interface About {
  /** The caller's, unless nobody is known yet. */
  readonly tenant?: string
  /** Groups that the same change takes the principals out of. */
  readonly leaving?: ReadonlySet<string>
}

/**
 * Whether principals may be given actions beside what they have.
 *
 * @throws ClavigerError separation_violated where one of them would newly have two duties that are kept apart
 */
export async function keepApart(
  work: Work,
  principals: Iterable<string>,
  added: readonly string[],
  about: About = {},
): Promise<KeptApart> {
  const { tenant = work.caller.tenant, leaving } = about
  const standing = await separationsOf(work, tenant)
  if (standing.length === 0) return { rows: [], unchanged: [] }
  for (const id of new Set(principals)) {
    const { bindings, ...rights } = await openRights(work.parts, { id, tenant })
    const staying = bindings.filter(({ group = '' }) => leaving?.has(group) !== true)
    const before = actionsIn({ bindings: staying, ...rights }, work.now)
    const after = before.union(new Set(added))
    const broken = standing.find(
      ({ separation }) => isBroken(separation, after) && !isBroken(separation, before),
    )
    if (broken === undefined) continue
    const { name, duties: apart } = broken.separation
    throw new ClavigerError(
      'separation_violated',
      `'${name}' keeps ${apart.join(' and ')} apart, and principal ${id} would have two of them`,
    )
  }
  return {
    rows: standing.map(({ separation }) => separationRow(separation)),
    unchanged: standing.map((one) => one.standing),
  }
}

/** What some would be given, where and until when (milliseconds since 1970). */
export interface Given {
  readonly principals: readonly string[]
  /** Whether the caller, who is none of them, could take it without being given it. */
  readonly isWithinReach?: boolean
  readonly actions: readonly string[]
  readonly scope: Scope
  readonly until: number
}

/**
 * Nobody gives themselves what they do not have, and nobody makes an owner who is none. Where something changes before this is recorded,
 * `read` is asked again: two changes at once are no way around it. So such a change is not additive.
 *
 * @returns what would be given
 *
 * @throws ClavigerError forbidden
 */
export async function keepFromWidening(
  work: Work,
  read: () => Promise<readonly Given[]>,
): Promise<readonly Given[]> {
  let given: readonly Given[] = []
  await holds(work, async () => {
    given = await read()
    for (const one of given) assertNotWidened(work, one)
  })
  return given
}

/**
 * Only an owner takes ownership away, and nobody their own: whoever may end rights leaves no tenant without an owner, which nobody could
 * ever give it again. `read` says what is taken from whom; it is asked again where something changes before this is recorded.
 *
 * @throws ClavigerError forbidden, conflict
 */
export function keepOwners(work: Work, read: () => Promise<readonly Given[]>): Promise<void> {
  return holds(work, async () => {
    for (const { principals, actions, scope, until } of await read()) {
      // What ends by itself, such as an emergency, is no ownership that could be the last.
      if (!actions.includes('*') || Number.isFinite(until)) continue
      if (!work.session.holdsAt('*', scope, work.now))
        throw new ClavigerError('forbidden', 'Only an owner takes ownership away; ask one')
      if (principals.includes(work.caller.principal))
        throw new ClavigerError(
          'conflict',
          'Nobody can take their own ownership away; ask another owner',
        )
    }
  })
}

function assertNotWidened(work: Work, { isWithinReach, ...given }: Given): void {
  const { principals, actions, scope, until } = given
  const isOwn = isWithinReach === true || principals.includes(work.caller.principal)
  const asked = isOwn ? actions : actions.filter((action) => action === '*')
  const missing = asked.find((action) => !work.session.holdsAt(action, scope, until))
  if (missing === undefined) return
  throw new ClavigerError(
    'forbidden',
    isOwn
      ? `Nobody can give themselves a right they do not have, such as '${missing}'; ask an owner`
      : 'Only an owner can make another one',
  )
}
