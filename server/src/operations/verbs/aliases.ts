import { aliasId, newestRow } from '#keyring'
import { ClavigerError } from '#model'
import { aliasRow, type Alias } from '../rows.ts'
import { target } from '../target.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { assertNotDestroyed } from './change-key.ts'
import { page } from './page.ts'

function aliasView({ alias, key, createdAt }: Alias) {
  return { alias, key, createdAt }
}

export const createAlias: ChangeVerb<'alias.create'> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    assertNotDestroyed(ringKey.key)
    const alias: Alias = {
      alias: input.alias,
      key: ringKey.key.id,
      createdAt: work.parts.clock.now(),
    }
    return {
      additive: true,
      rows: [aliasRow(work.caller.tenant, alias)],
      absent: [{ kind: 'alias', id: aliasId(work.caller.tenant, input.alias) }],
      taken: 'The alias exists; use alias update to point it elsewhere',
      key: ringKey.key.id,
      subject: input.alias,
      output: aliasView(alias),
    }
  },
}

async function readAlias(work: Work, alias: string) {
  const row = await newestRow(work.parts.store, {
    kind: 'alias',
    id: aliasId(work.caller.tenant, alias),
  })
  if (row === undefined) {
    work.authorize()
    throw new ClavigerError('not_found', 'There is no alias of that name')
  }
  const value = work.parts.seals.open<Alias>(row)
  await work.locate([value.key])
  const { ringKey } = work.key(value.key)
  return {
    value,
    ringKey,
    reference: { kind: 'alias' as const, id: row.id, revision: row.revision },
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
      throw new ClavigerError(
        'wrong_usage',
        `The alias points at a key to ${old.ringKey.key.usage}; the new key is to ${ringKey.key.usage}`,
      )
    }
    const alias: Alias = { ...old.value, key: ringKey.key.id }
    return {
      additive: false,
      rows: [aliasRow(work.caller.tenant, alias)],
      unchanged: [old.reference],
      key: ringKey.key.id,
      subject: input.alias,
      output: aliasView(alias),
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
      subject: input.alias,
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
      const ringKey = await work.parts.ring.load(alias.key)
      const visible =
        ringKey !== undefined && work.may(target(ringKey, work.caller, work.origin)) !== undefined
      return visible ? aliasView(alias) : undefined
    })
  },
}
