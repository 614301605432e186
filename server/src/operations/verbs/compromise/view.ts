import type { LedgerRecord, OutputOf } from '@claviger/contract'
import type { CompromiseCase } from '#model'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'
import { leftOf, nextOf } from './left.ts'

/** Cases as they are found and shown. */

export type CaseView = OutputOf<'compromise.get'>

/** A case of the tenant, once the caller may do this to its key. @throws ClavigerError not_found, forbidden */
export async function admittedCase(work: Work, id: string) {
  const found = await own<CompromiseCase>(work, 'compromiseCase', id).catch((thrown: unknown) => {
    work.authorizeSomewhere()
    throw thrown
  })
  await work.locate([found.value.key])
  const { ringKey } = work.key(found.value.key)
  return { ...found, ringKey }
}

/** Where the opening stands in the ledger: it is the notice that dependents acknowledge. */
export async function noticeOf(
  work: Work,
  { id, key }: CompromiseCase,
): Promise<number | undefined> {
  const { items } = await work.parts.ledgerReader.search({
    event: 'compromise.open',
    key,
    outcome: 'ok',
    order: 'ascending',
    limit: 1_000,
  })
  return items.find(({ record }) => (record as unknown as LedgerRecord).subject === id)?.index
}

export async function caseView(work: Work, one: CompromiseCase): Promise<CaseView> {
  const notice = await noticeOf(work, one)
  const {
    tenant: _tenant,
    report: _report,
    revokedAnyway: _revoked,
    closedAnyway: _closed,
    ...shown
  } = one
  const left = one.closedAt === undefined ? await leftOf(work, one, notice) : undefined
  return {
    ...shown,
    ...(notice === undefined ? {} : { notice }),
    principals: [...one.principals],
    replacement: { ...one.replacement },
    aliases: [...one.aliases],
    runs: [...one.runs],
    uses: one.uses.map((use) => ({ ...use, operations: { ...use.operations } })),
    next: left === undefined ? 'closed' : nextOf(one, left),
    left: left === undefined ? [] : [...left.rewraps, ...left.others],
  }
}
