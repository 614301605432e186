import type { OutputOf } from '@claviger/contract'
import { createTokenText, parseToken, proves, tenantTarget } from '#access'
import { newestRow, newId } from '#keyring'
import { ClavigerError, type Binding, type BreakGlass, type Scope } from '#model'
import { assertFresh } from '../logins/fresh.ts'
import { alarmed } from '../occurrences/alarms.ts'
import { leavingByDate, leftByBinding } from '../occurrences/leaving.ts'
import { bindingRow, breakGlassRow } from '../rows.ts'
import { scopeText } from '../scope-text.ts'
import { holds } from '../until-recorded.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { standingRole } from './bindings.ts'
import { own, ownOrNone, there } from './own.ts'
import { page } from './page.ts'

/** Rights for emergencies: made, opened with the code from the safe, ended, and reviewed by somebody else. */

const MINUTE_MS = 60_000
/** Uses that wait for a review; a tenant with more has other troubles. */
const UNREVIEWED_MAX = 100

type View = OutputOf<'breakGlass.open'>

function stateOf({ use, review }: BreakGlass, now: number): View['state'] {
  if (use === undefined) return 'sealed'
  if (review !== undefined) return 'reviewed'
  return use.endsAt > now ? 'open' : 'ended'
}

function view(glass: BreakGlass, now: number): View {
  const { hash: _, tenant: _tenant, ...told } = glass
  const { use, review } = glass
  return {
    ...told,
    scope: { ...glass.scope },
    state: stateOf(glass, now),
    use: use && { ...use },
    review: review && { ...review },
  }
}

/** The uses of a tenant that nobody has reviewed. */
async function unreviewed(work: Work): Promise<BreakGlass[]> {
  const rows = await work.parts.store.list({
    kind: 'breakGlass',
    tenant: work.caller.tenant,
    facets: [['review', 'due']],
    limit: UNREVIEWED_MAX,
  })
  return rows.map((row) => work.parts.seals.open<BreakGlass>(row))
}

/** Without its review an emergency would be a way around every rule, so nothing goes behind glass while one is due. */
async function assertReviewed(work: Work): Promise<void> {
  const [due] = await unreviewed(work)
  if (due === undefined) return
  throw new ClavigerError(
    'conflict',
    `The use of the break-glass right '${due.name}' waits for a review; let somebody do breakGlass.review first`,
  )
}

export const createBreakGlass: ChangeVerb<'breakGlass.create'> = {
  kind: 'change',
  references: ({ scope }) => (scope.kind === 'key' ? [scope.key] : []),
  async run(input, work) {
    work.authorize()
    await holds(work, () => assertReviewed(work))
    const { standing } = await standingRole(work, input.role)
    const scope: Scope =
      input.scope.kind === 'key'
        ? { kind: 'key', key: work.key(input.scope.key).ringKey.key.id }
        : input.scope
    const id = newId()
    const { text: code, hash } = createTokenText(id, 'clvg')
    const { tenant, principal: createdBy } = work.caller
    const { name, role, minutes, waivesApprovals } = input
    const shared = { id, tenant, name, role, scope, minutes, waivesApprovals }
    const glass: BreakGlass = { ...shared, hash, createdAt: work.now, createdBy }
    return {
      // The role stays while the glass stands before it.
      additive: false,
      rows: [breakGlassRow(glass)],
      absent: [{ kind: 'breakGlass', id }],
      unchanged: standing,
      subject: id,
      detail: { role, scope: scopeText(scope), minutes },
      output: { ...view(glass, work.now), code },
    }
  },
}

export const listBreakGlass: ReadVerb<'breakGlass.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'breakGlass', facets: [], input }, (row) =>
      view(work.parts.seals.open<BreakGlass>(row), work.now),
    )
  },
}

export const deleteBreakGlass: ChangeVerb<'breakGlass.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<BreakGlass>(work, 'breakGlass', input.glass)
    if (value.use !== undefined)
      throw new ClavigerError('conflict', 'It was used, and what was used stays for its review')
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'breakGlass', id: value.id }],
      unchanged: [standing],
      subject: value.id,
      output: {},
    }
  },
}

/** @throws ClavigerError forbidden, conflict */
async function assertMayOpen(work: Work, glass: BreakGlass, code: string): Promise<void> {
  const { principal } = work.caller
  // Whoever made it has seen the code.
  if (glass.createdBy === principal)
    throw new ClavigerError('forbidden', 'Nobody opens what they put behind glass themselves')
  if (glass.hash === undefined)
    throw new ClavigerError('conflict', 'It was used already; another has to be made')
  const presented = parseToken(code, 'clvg')
  if (presented?.id !== glass.id || !proves(presented, glass.hash))
    throw new ClavigerError('forbidden', 'The code does not open this glass')
  const due = await unreviewed(work)
  if (due.some(({ use }) => use?.principal === principal))
    throw new ClavigerError('conflict', 'Your last emergency waits for its review')
}

export const openBreakGlass: ChangeVerb<'breakGlass.open'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { principal, authentications } = work.caller
    if (authentications === undefined)
      throw new ClavigerError('forbidden', 'Only a person who has logged in can break the glass')
    assertFresh(work)
    const { value, standing } = await own<BreakGlass>(work, 'breakGlass', input.glass)
    await holds(work, () => assertMayOpen(work, value, input.code))
    const { tenant, role, scope, waivesApprovals } = value
    const endsAt = work.now + value.minutes * MINUTE_MS
    const binding: Binding = {
      id: newId(),
      tenant,
      role,
      principal,
      scope,
      createdAt: work.now,
      expiresAt: endsAt,
      ...(waivesApprovals ? { waivesApprovals } : {}),
    }
    const { reason } = input
    const { hash: _, ...used } = value
    const use = { principal, reason, binding: binding.id, openedAt: work.now, endsAt }
    const glass: BreakGlass = { ...used, use }
    const said = { subject: glass.id, role }
    const alarm = alarmed(work, 'breakGlass.open', {
      tenant,
      who: principal,
      reach: [{ scope }],
      said,
    })
    return {
      // Others are to see it at once, and two who open it together are not both to get it.
      additive: false,
      rows: [
        breakGlassRow(glass),
        bindingRow(binding),
        ...leavingByDate(work, binding),
        ...alarm.rows,
      ],
      absent: [{ kind: 'binding', id: binding.id }],
      unchanged: [standing],
      subject: glass.id,
      detail: { principal, role, scope: scopeText(scope), binding: binding.id, until: endsAt },
      output: view(glass, work.now),
      after: alarm.after,
    }
  },
}

export const closeBreakGlass: ChangeVerb<'breakGlass.close'> = {
  kind: 'change',
  async run(input, work) {
    const held = await ownOrNone<BreakGlass>(work, 'breakGlass', input.glass)
    if (held?.value.use?.principal === work.caller.principal) work.authorizeAnybody()
    else work.authorize(tenantTarget)
    const { value, standing } = there(held, 'breakGlass')
    const { use } = value
    if (use === undefined || stateOf(value, work.now) !== 'open')
      throw new ClavigerError('conflict', 'The glass is not open')
    const glass: BreakGlass = { ...value, use: { ...use, endsAt: work.now } }
    const binding = await newestRow(work.parts.store, { kind: 'binding', id: use.binding })
    // Somebody may have deleted it by itself.
    const left =
      binding === undefined
        ? { rows: [] }
        : await leftByBinding(work, work.parts.seals.open<Binding>(binding))
    return {
      ...left,
      additive: false,
      rows: [breakGlassRow(glass), ...left.rows],
      removals: [
        ...(binding === undefined ? [] : [{ kind: 'binding' as const, id: use.binding }]),
        ...(left.removals ?? []),
      ],
      unchanged: [standing, ...(left.unchanged ?? [])],
      subject: glass.id,
      detail: { principal: use.principal },
      output: view(glass, work.now),
    }
  },
}

export const reviewBreakGlass: ChangeVerb<'breakGlass.review'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<BreakGlass>(work, 'breakGlass', input.glass)
    const state = stateOf(value, work.now)
    if (state !== 'ended')
      throw new ClavigerError('conflict', `It is ${state}; a review follows the end of a use`)
    const { principal } = work.caller
    if (value.use?.principal === principal)
      throw new ClavigerError('forbidden', 'Nobody reviews an emergency of their own')
    const { verdict, comment } = input
    const glass: BreakGlass = { ...value, review: { principal, at: work.now, verdict, comment } }
    const { tenant, scope, use } = value
    const about = { tenant, reach: [{ scope }], said: { subject: glass.id } }
    const alarm =
      verdict === 'justified'
        ? { rows: [] }
        : alarmed(work, 'breakGlass.unjustified', {
            ...about,
            ...(use === undefined ? {} : { who: use.principal }),
          })
    return {
      ...alarm,
      additive: true,
      rows: [breakGlassRow(glass), ...alarm.rows],
      unchanged: [standing],
      subject: glass.id,
      detail: { verdict },
      output: view(glass, work.now),
    }
  },
}
