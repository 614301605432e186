import type { ReadVerb } from '../verb.ts'

/** The ledger as the contract shows it; the reader does the work. */

export const ledgerHead: ReadVerb<'ledger.head'> = {
  kind: 'read',
  run(_input, work) {
    work.authorize()
    return work.parts.ledgerReader.head()
  },
}

/** A tenant sees its own entries; the default tenant, which runs the server, sees all. */
function visibleTenant(work: Parameters<ReadVerb<'ledger.search'>['run']>[1]): string | undefined {
  return work.caller.tenant === work.parts.defaultTenant() ? undefined : work.caller.tenant
}

export const searchLedger: ReadVerb<'ledger.search'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return work.parts.ledgerReader.search({ ...input, tenant: visibleTenant(work) })
  },
}

export const proveEntry: ReadVerb<'ledger.prove'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return work.parts.ledgerReader.prove(input.index, visibleTenant(work))
  },
}

export const ledgerCheckpoint: ReadVerb<'ledger.checkpoint'> = {
  kind: 'read',
  async run(_input, work) {
    work.authorize()
    return { body: await work.parts.ledgerReader.checkpoint() }
  },
}

/** Tiles hold hashes only, bundles hold everybody's entries: those are for the default tenant. */
export const ledgerTile: ReadVerb<'ledger.tile'> = {
  kind: 'read',
  async run(input, work) {
    work.authorize()
    return {
      body: await work.parts.ledgerReader.tile(input.path, visibleTenant(work) === undefined),
    }
  },
}
