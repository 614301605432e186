import { isAlias } from '@claviger/contract'
import { aliasId, newestRow } from '#keyring'
import { ClavigerError, KeyError, type Key } from '#model'
import { regionalAlias } from '../lookup.ts'
import { aliasRow, type Alias } from '../rows.ts'
import { target } from '../target.ts'
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
  const row = await newestRow(work.parts.store, {
    kind: 'alias',
    id: aliasId(work.caller.tenant, alias),
  })
  return row && { row, value: work.parts.seals.open<Alias>(row) }
}

/**
 * What a new name is stored as. Seen from a region, a name that another region has is free: it is stored with the region behind it.
 *
 * @throws ClavigerError conflict for a name that is seen from here already
 */
async function nameToTake(work: Work, alias: string): Promise<Pick<Alias, 'alias' | 'region'>> {
  const { region } = work.origin
  if (region === undefined) return { alias }
  const regional = regionalAlias(alias, region)
  const plain = await aliasRowOf(work, alias)
  if (plain === undefined && (await aliasRowOf(work, regional)) === undefined)
    return { alias, region }
  const others = plain?.value.region
  return others === undefined || others === region ? { alias, region } : { alias: regional, region }
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
    const name = await nameToTake(work, input.alias)
    const alias: Alias = {
      ...name,
      key: ringKey.key.id,
      createdAt: work.parts.clock.now(),
    }
    return {
      additive: true,
      rows: [aliasRow(work.caller.tenant, alias)],
      absent: [{ kind: 'alias', id: aliasId(work.caller.tenant, alias.alias) }],
      taken: 'The alias exists; use alias update to point it elsewhere',
      key: ringKey.key.id,
      subject: alias.alias,
      output: aliasView(alias, ringKey.key),
    }
  },
}

/** A name as it is seen from here: the one of this region first. */
async function readAlias(work: Work, alias: string) {
  const { region } = work.origin
  const regional = region === undefined ? undefined : regionalAlias(alias, region)
  const own = regional === undefined ? undefined : await aliasRowOf(work, regional)
  const found = own ?? (await aliasRowOf(work, alias))
  const seen =
    region === undefined || found?.value.region === undefined || found.value.region === region
  if (found === undefined || !seen) {
    work.authorize()
    throw new ClavigerError('not_found', 'There is no alias of that name')
  }
  await work.locate([found.value.key])
  const { ringKey } = work.key(found.value.key)
  return {
    value: found.value,
    ringKey,
    reference: { kind: 'alias' as const, id: found.row.id, revision: found.row.revision },
  }
}

export const updateAlias: ChangeVerb<'alias.update'> = {
  kind: 'change',
  references: (input) => [input.key],
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
      unchanged: [old.reference],
      key: ringKey.key.id,
      subject: alias.alias,
      output: aliasView(alias, ringKey.key),
    }
  },
}

export const deleteAlias: ChangeVerb<'alias.delete'> = {
  kind: 'change',
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

export const listAliases: ReadVerb<'alias.list'> = {
  kind: 'read',
  async run(input, work) {
    work.authorizeSomewhere()
    let facets: [string, string][] = []
    if (input.key !== undefined) {
      await work.locate([input.key])
      facets = [['key', work.key(input.key).ringKey.key.id]]
    }
    return page(work, { kind: 'alias', facets, input }, async (row) => {
      const alias = work.parts.seals.open<Alias>(row)
      const { region } = work.origin
      if (region !== undefined && alias.region !== undefined && alias.region !== region)
        return undefined
      const ringKey = await work.parts.ring.load(alias.key)
      const visible =
        ringKey !== undefined && work.may(target(ringKey, work.caller, work.origin)) !== undefined
      return visible ? aliasView(alias, ringKey.key) : undefined
    })
  },
}
