import type { OutputOf } from '@claviger/contract'
import type { RingKey } from '#keyring'
import type { CompromiseCase } from '#model'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'
import { leftOf, nextOf, waitsFor } from './left.ts'
import { noticesOf } from './notices.ts'

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

/** The case of a key, or of one of its versions: there is one at most, since nothing takes the containment back. */
export async function caseOf(work: Work, ringKey: RingKey, version: number | undefined) {
  const { containment } = version === undefined ? ringKey.key : ringKey.version(version)
  return containment && own<CompromiseCase>(work, 'compromiseCase', containment.case)
}

/** Only people are told that nobody ordered the destruction: a case can be closed without it. */
const UNORDERED = 'its destruction is not ordered (compromise destroy)'

export async function caseView(work: Work, one: CompromiseCase): Promise<CaseView> {
  const notices = await noticesOf(work, one)
  const left = await leftOf(work, one, notices)
  const next = nextOf(one, left)
  const turn = waitsFor(next, one, left)
  const {
    tenant: _tenant,
    report: _report,
    revokedAnyway: _revoked,
    closedAnyway: _closed,
    lookAt: _look,
    related,
    ...shown
  } = one
  const noticeOf = (key: string) => {
    const notice = notices.get(key)
    return notice === undefined ? {} : { notice }
  }
  const unordered = next === 'destroy' && turn === 'order' ? [UNORDERED] : []
  return {
    ...shown,
    ...noticeOf(one.key),
    principals: [...one.principals],
    replacement: { ...one.replacement },
    ...(related === undefined
      ? {}
      : {
          related: related.map((each) => ({
            ...each,
            ...noticeOf(each.key),
            replacement: { ...each.replacement },
          })),
        }),
    aliases: [...one.aliases],
    runs: [...one.runs],
    uses: one.uses.map((use) => ({ ...use, operations: { ...use.operations } })),
    next,
    waitsFor: turn,
    left: next === 'closed' ? [] : [...left.rewraps, ...unordered, ...left.others],
  }
}
