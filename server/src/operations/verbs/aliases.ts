import { isAlias } from '@claviger/contract'
import { aliasId } from '#keyring'
import { ClavigerError, KeyError, type Key } from '#model'
import type { Row, RowReference } from '#store'
import { readOrForget } from '../forget-row.ts'
import { find, isSeen, regionalAlias } from '../lookup.ts'
import { mayList } from '../may-list.ts'
import { aliasRow, standing, type Alias } from '../rows.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { assertNotDestroyed } from './change-key.ts'
import { page } from './page.ts'

function aliasView(alias: Alias, key: Pick<Key, 'multiRegion'>) {
  const { updatedAt, region } = alias
  return {
    alias: alias.alias,
    key: alias.key,
    createdAt: alias.createdAt,
    ...(updatedAt === undefined ? {} : { updatedAt }),
    ...(region === undefined ? {} : { region }),
    ...(key.multiRegion === undefined ? {} : { multiRegionId: key.multiRegion.id }),
  }
}

/** The row of a name as it stands, or undefined. */
async function aliasRowOf(work: Work, alias: string) {
  const row = await readOrForget(work.parts, referenceTo(work, alias))
  return row && { reference: standingRow(row), value: work.parts.seals.open<Alias>(row) }
}

function referenceTo(work: Work, alias: string): RowReference {
  return { kind: 'alias', id: aliasId(work.caller.tenant, alias) }
}

function standingRow({ kind, id, revision }: Row) {
  return { kind, id, revision }
}

const TAKEN = 'The alias exists; use alias update to point it elsewhere'

/**
 * What a new name is stored as, and on what that depends. Seen from a region, a name that another region has is free: it is stored with
 * the region behind it.
 *
 * @throws ClavigerError conflict for a name that is seen from here already
 */
async function nameToTake(work: Work, alias: string) {
  const { region } = work.origin
  const plain = await aliasRowOf(work, alias)
  const regional = region === undefined ? undefined : regionalAlias(alias, region)
  const own = regional === undefined ? undefined : await aliasRowOf(work, regional)
  const isTaken =
    (plain !== undefined && isSeen(plain.value.region, region)) ||
    (own !== undefined && (plain !== undefined || own.value.region === region))
  if (isTaken) throw new ClavigerError('conflict', TAKEN)
  const place = region === undefined ? {} : { region }
  const free = [alias, ...(regional === undefined || own !== undefined ? [] : [regional])]
  if (plain === undefined || regional === undefined) {
    const absent = free.map((name) => referenceTo(work, name))
    return { name: { alias, ...place }, absent, unchanged: [] }
  }
  return {
    name: { alias: regional, ...place },
    absent: [referenceTo(work, regional)],
    unchanged: [plain.reference],
  }
}

export const createAlias: ChangeVerb<'alias.create'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    if (!isAlias(input.alias)) {
      throw new ClavigerError('invalid_request', 'The name is shaped like the id of a key', {
        field: 'alias',
      })
    }
    const { name, absent, unchanged } = await nameToTake(work, input.alias)
    const alias: Alias = {
      ...name,
      key: ringKey.key.id,
      createdAt: work.parts.clock.now(),
    }
    return {
      // A key policy may deny what is asked of a key with such a name.
      additive: ringKey.key.policy === undefined,
      rows: [aliasRow(work.caller.tenant, alias)],
      absent,
      // Whoever was quicker has the name, or has it in another region.
      anew: true,
      unchanged: [...unchanged, ...standing(ringKey)],
      key: ringKey.key.id,
      subject: alias.alias,
      output: aliasView(alias, ringKey.key),
    }
  },
}

/**
 * A name as it is seen from here, the one of this region first, which the caller may change.
 *
 * @throws ClavigerError forbidden, not_found; KeyError wrong_state for a name that leads to a related key here, and to another elsewhere
 */
async function readAlias(work: Work, alias: string) {
  const { region } = work.origin
  const own =
    region === undefined ? undefined : await aliasRowOf(work, regionalAlias(alias, region))
  const found =
    own !== undefined && own.value.region === region ? own : await aliasRowOf(work, alias)
  if (found === undefined || !isSeen(found.value.region, region)) {
    work.authorize()
    throw new ClavigerError('not_found', 'There is no alias of that name')
  }
  await work.locate([found.value.key])
  const { ringKey } = work.key(found.value.key)
  if (ringKey.key.id !== found.value.key) {
    throw new KeyError(
      'wrong_state',
      'The alias points at a related key in another region; change it there',
      { key: ringKey.key },
    )
  }
  return { ...found, ringKey }
}

export const updateAlias: ChangeVerb<'alias.update'> = {
  kind: 'change',
  references: (input) => [input.key, input.alias],
  async run(input, work) {
    const old = await readAlias(work, input.alias)
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    if (ringKey.key.usage !== old.ringKey.key.usage) {
      throw new KeyError(
        'wrong_usage',
        `The alias points at a key to ${old.ringKey.key.usage}; the new key is to ${ringKey.key.usage}`,
        { key: ringKey.key },
      )
    }
    const alias: Alias = {
      ...old.value,
      key: ringKey.key.id,
      updatedAt: work.parts.clock.now(),
    }
    return {
      additive: false,
      rows: [aliasRow(work.caller.tenant, alias)],
      unchanged: [old.reference, ...standing(ringKey)],
      key: ringKey.key.id,
      subject: alias.alias,
      output: aliasView(alias, ringKey.key),
    }
  },
}

export const deleteAlias: ChangeVerb<'alias.delete'> = {
  kind: 'change',
  references: (input) => [input.alias],
  async run(input, work) {
    const old = await readAlias(work, input.alias)
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'alias', id: old.reference.id }],
      unchanged: [old.reference],
      key: old.value.key,
      subject: old.value.alias,
      output: {},
    }
  },
}

/** Which names are listed: those of one key, where one is named. From a region, names without one lead to the related key there. */
async function wanted(work: Work, reference: string | undefined) {
  if (reference === undefined) return { facets: [], isOf: () => true }
  await work.locate([reference])
  const { id, multiRegion } = work.key(reference).ringKey.key
  return multiRegion === undefined || work.origin.region === undefined
    ? { facets: [['key', id]] as const, isOf: () => true }
    : { facets: [], isOf: (key: string) => key === id }
}

/** Whether another name is what leads to a key when this one is said in the region. */
async function isHidden({ alias }: Alias, work: Work): Promise<boolean> {
  const { region } = work.origin
  if (region === undefined) return false
  const own = await work.parts.ring.loadAlias(work.caller.tenant, regionalAlias(alias, region))
  return own?.region === region
}

export const listAliases: ReadVerb<'alias.list'> = {
  kind: 'read',
  async run(input, work) {
    work.authorizeSomewhere()
    const { facets, isOf } = await wanted(work, input.key)
    const from = { tenant: work.caller.tenant, region: work.origin.region }
    return page(work, { kind: 'alias', facets, input }, async (row) => {
      const alias = work.parts.seals.open<Alias>(row)
      if (!isSeen(alias.region, from.region) || (await isHidden(alias, work))) return undefined
      const ringKey = await find(work.parts.ring, alias.key, from)
      if (ringKey === undefined || !isOf(ringKey.key.id)) return undefined
      const isListed = await mayList(work, ringKey)
      return isListed ? aliasView({ ...alias, key: ringKey.key.id }, ringKey.key) : undefined
    })
  },
}
