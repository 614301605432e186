import { findAlgorithm } from '#keyring'
import { ClavigerError, type Key } from '#model'
import { aliasesOf } from '../aliases.ts'
import { mayList } from '../may-list.ts'
import type { ReadVerb } from '../verb.ts'
import { keyView, versionView } from '../views.ts'
import { page } from './page.ts'

export const getKey: ReadVerb<'key.get'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { ringKey } = work.key(input.key)
    return keyView(
      ringKey.key,
      ringKey.current,
      await aliasesOf(work, ringKey.key.id),
      work.parts.clock.now(),
    )
  },
}

/** A principal that may list only labelled keys sees only those. */
export const listKeys: ReadVerb<'key.list'> = {
  kind: 'read',
  async run(input, work) {
    work.authorizeSomewhere()
    const facets: [string, string][] = []
    if (input.algorithm !== undefined)
      facets.push(['algorithm', findAlgorithm(input.algorithm).name])
    if (input.usage !== undefined) facets.push(['usage', input.usage])
    for (const pair of input.labels?.split(',') ?? []) {
      const at = pair.indexOf('=')
      facets.push([`label:${pair.slice(0, at)}`, pair.slice(at + 1)])
    }
    const named =
      input.alias === undefined
        ? undefined
        : (await work.parts.ring.loadAlias(work.caller.tenant, input.alias))?.key
    if (input.alias !== undefined && named === undefined) return { items: [] }
    const now = work.parts.clock.now()
    return page(work, { kind: 'key', facets, input }, async (row) => {
      if (named !== undefined && row.id !== named) return undefined
      const listed = work.parts.seals.open<Key>(row)
      const { region } = work.origin
      if (region !== undefined && listed.region !== undefined && listed.region !== region)
        return undefined
      const ringKey = await work.parts.ring.load(listed.id)
      if (ringKey === undefined) return undefined
      if (!(await mayList(work, ringKey))) return undefined
      const view = keyView(ringKey.key, ringKey.current, await aliasesOf(work, listed.id), now)
      return input.state === undefined || view.state === input.state ? view : undefined
    })
  },
}

/** The number of the last version shown; attacker-chosen. */
function versionAfter(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (!/^\d{1,10}$/.test(cursor)) {
    throw new ClavigerError('invalid_request', 'cursor: is not one that a page ended with', {
      field: 'cursor',
    })
  }
  return Number(cursor)
}

export const listVersions: ReadVerb<'key.versions'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { ringKey } = work.key(input.key)
    // Counters move with every use, and a held key has those of when it was loaded.
    const counters = (await work.parts.store.key(ringKey.key.id))?.counters
    const after = versionAfter(input.cursor)
    const now = work.parts.clock.now()
    const shown = ringKey.versions.slice(after, after + input.limit)
    return {
      items: shown.map((version) =>
        versionView(ringKey.key, version, counters?.get(version.version), now),
      ),
      ...(after + shown.length < ringKey.versions.length
        ? { cursor: String(after + shown.length) }
        : {}),
    }
  },
}

export const publicKey: ReadVerb<'key.public'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { ringKey } = work.key(input.key)
    const version = input.version ?? ringKey.key.version
    return {
      key: ringKey.key.id,
      version,
      algorithm: ringKey.key.algorithm,
      ...ringKey.handle(version).publicKey(),
    }
  },
}
