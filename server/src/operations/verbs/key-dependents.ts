import type { OutputOf } from '@claviger/contract'
import type { RingKey } from '#keyring'
import type { Use, Uses } from '#ledger'
import { DAY_MS } from '#model'
import { blastRadius, isMissed, USED_LATELY_DAYS, useEvents } from '../blast-radius.ts'
import { grantFor } from '../may.ts'
import { target } from '../target.ts'
import type { ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { dependentView } from './dependents.ts'

/** What the end of a key would hit, for who is to decide about it. */

type Shown = OutputOf<'key.dependents'>

/** The uses of each principal, whatever version they were of; who used it last comes first. */
function observed(key: string, { uses }: Uses): Shown['observed'] {
  return Map.groupBy(uses, ({ principal }) => principal)
    .entries()
    .map(([principal, of]) => ({
      key,
      principal,
      uses: sum(of),
      firstAt: Math.min(...of.map(({ firstAt }) => firstAt)),
      lastAt: Math.max(...of.map(({ lastAt }) => lastAt)),
      versions: [...new Set(of.map(({ version }) => version))].toSorted((a, b) => a - b),
      operations: [...new Set(of.flatMap(({ operations }) => [...operations]))].toSorted(),
    }))
    .toArray()
    .toSorted((a, b) => b.lastAt - a.lastAt)
}

function sum(uses: readonly Use[]): number {
  return uses.reduce((total, each) => total + each.uses, 0)
}

function versions(key: string, { uses }: Uses): Shown['versions'] {
  return Map.groupBy(uses, ({ version }) => version)
    .entries()
    .map(([version, of]) => ({
      key,
      version,
      uses: sum(of),
      lastAt: Math.max(...of.map(({ lastAt }) => lastAt)),
    }))
    .toArray()
    .toSorted((a, b) => a.version - b.version)
}

export const keyDependents: ReadVerb<'key.dependents'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { ringKey } = work.key(input.key)
    const since = input.since ?? work.now - USED_LATELY_DAYS * DAY_MS
    const radius = await blastRadius(work, ringKey, since)
    const [, ...related] = radius.keys
    const hidden = await hiddenOf(work, related)
    const isShown = (id: string) => !hidden.includes(id)
    const all = [...radius.uses].filter(([key]) => isShown(key))
    return {
      key: ringKey.key.id,
      since,
      asks: await isMissed(work, ringKey),
      digest: radius.digest,
      declared: radius.dependents.filter(({ key }) => isShown(key)).map(dependentView),
      observed: all.flatMap(([key, uses]) => observed(key, uses)),
      versions: all.flatMap(([key, uses]) => versions(key, uses)),
      aliases: radius.aliases.filter(({ key }) => isShown(key)).map(({ name }) => name),
      related: related.map(({ key }) => key.id),
      hidden,
      grants: radius.grants
        .filter(({ key }) => isShown(key))
        .map(({ id, key, grantee, operations }) => ({
          id,
          key,
          grantee,
          operations: [...operations],
        })),
      complete: all.every(([, { complete }]) => complete),
      from: Math.max(...all.map(([, { from }]) => from)),
    }
  },
}

/** The related keys about which the caller could not ask this. */
async function hiddenOf(work: Work, related: readonly RingKey[]): Promise<string[]> {
  const hidden: string[] = []
  for (const ringKey of related) {
    const { id } = ringKey.key
    // Policies and bindings may ask for names.
    await work.seeAliases(id)
    const on = target(ringKey, work.caller, work.origin)
    const right = grantFor(work, 'key.dependents', on)
    if (right === undefined) hidden.push(id)
    else work.assertMet('key.dependents', on, right)
  }
  return hidden
}

/** From which addresses a key was used: personal, and so a right of its own. What was erased is not known any more. */
export const keySources: ReadVerb<'key.sources'> = {
  kind: 'read',
  async run(input, work) {
    await work.locate([input.key])
    const { id } = work.key(input.key).ringKey.key
    const since = input.since ?? work.now - USED_LATELY_DAYS * DAY_MS
    const { ledgerReader, store } = work.parts
    const { uses, complete } = await ledgerReader.uses({ key: id, events: useEvents, since })
    const items: OutputOf<'key.sources'>['items'] = []
    for (const [principal, of] of Map.groupBy(uses, (use) => use.principal)) {
      const addresses = new Set<string>()
      let erased = 0
      for (const commitment of new Set(of.flatMap(({ sources }) => [...sources]))) {
        const opened = await store.personal(commitment)
        if (opened === undefined) erased += 1
        else addresses.add(opened.value)
      }
      const lastAt = Math.max(...of.map((use) => use.lastAt))
      items.push({ principal, addresses: [...addresses].toSorted(), erased, lastAt })
    }
    return { key: id, since, items, complete }
  },
}
