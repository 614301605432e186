import type { FactorName } from '@claviger/contract'
import { everyRowOf } from '#keyring'
import type { Principal } from '#model'
import { canLogIn } from '../logins/provider-links.ts'
import { factorsOf, passwordOf } from '../logins/stored.ts'
import type { Work } from '../work.ts'
import { explained, imaginedQuestions, imaginedSession } from './explain/imagined.ts'

/** Who could approve something, as far as that can be told beforehand. */

export interface Enough {
  /** Whether only those count who have a passkey to sign with. */
  readonly signed: boolean
  /** No more are looked for. */
  readonly enough: number
}

/**
 * How many others than the caller are enabled, have the right to decide in the whole tenant, whatever the address and the door, and can log
 * in or are programs. Persons are supposed to have just proved all that they have.
 */
export async function othersWhoCouldApprove(work: Work, wanted: Enough): Promise<number> {
  const { store, seals } = work.parts
  const { tenant, principal: caller } = work.caller
  let found = 0
  for await (const row of everyRowOf(store, { kind: 'principal', tenant, facets: [] })) {
    const principal = seals.open<Principal>(row)
    if (principal.id === caller || !(await couldApprove(work, principal, wanted))) continue
    found += 1
    if (found >= wanted.enough) break
  }
  return found
}

async function couldApprove(work: Work, principal: Principal, { signed }: Enough) {
  const at = work.now
  const factors = await proofsOf(work, principal)
  if (signed && !factors.includes('passkey')) return false
  if (principal.kind === 'user' && !(await canLogIn(work, principal))) return false
  const session = await imaginedSession(work, principal, { factors, at })
  if (session === undefined) return false
  return explained(session, imaginedQuestions(work, { operation: 'approval.approve', at }), at)
    .allowed
}

async function proofsOf(work: Work, principal: Principal): Promise<FactorName[]> {
  if (principal.kind !== 'user') return []
  const factors = (await factorsOf(work, principal)).map(({ factor }) => factor.kind)
  const password = await passwordOf(work, principal)
  return [
    ...(password === undefined ? [] : ['password' as const]),
    ...factors.map((kind) => (kind === 'recovery' ? 'recovery-code' : kind)),
  ]
}
