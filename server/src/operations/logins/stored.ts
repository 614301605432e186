import { findRecoveryCode, passwordBinding, totpBinding, totpStep } from '#access'
import { newestRow, readNewest, unwrap, wrap } from '#keyring'
import {
  ClavigerError,
  type Authentication,
  type Factor,
  type Lockout,
  type LoginRefused,
  type Password,
  type Principal,
} from '#model'
import type { RowStanding } from '#store'
import { alarmed } from '../occurrences/alarms.ts'
import { reachOfPrincipal } from '../occurrences/reach.ts'
import { factorRow, lockoutRow, passwordRow } from '../rows/logins.ts'
import { readSettings } from '../settings.ts'
import type { Plan, PlannedRow } from '../verb.ts'
import type { Work } from '../work.ts'

/** What a person has, as it is stored. */

type Person = Pick<Principal, 'id' | 'tenant'>

export interface StoredFactor {
  readonly factor: Factor
  readonly material: Uint8Array | undefined
  readonly standing: RowStanding
}

/** Factors of one person; nobody has more. */
export const FACTORS_MAX = 20

export async function factorsOf({ parts }: Work, person: Person): Promise<StoredFactor[]> {
  const rows = await readNewest(parts.store, async () => {
    const found = await parts.store.list({
      kind: 'factor',
      tenant: person.tenant,
      facets: [['principal', person.id]],
      limit: 2 * FACTORS_MAX,
    })
    return { rows: found, value: found }
  })
  return (rows ?? [])
    .map((row) => ({
      factor: parts.seals.open<Factor>(row),
      material: row.material,
      standing: { kind: 'factor' as const, id: row.id, revision: row.revision },
    }))
    .filter(({ factor }) => factor.principal === person.id)
}

export interface StoredPassword {
  readonly password: Password
  readonly standing: RowStanding
  /** The hashes, newest first; the caller overwrites them. */
  open(): Buffer
}

export async function passwordOf({ parts }: Work, { id, tenant }: Person) {
  const row = await newestRow(parts.store, { kind: 'password', id })
  if (row?.material === undefined) return undefined
  const { material } = row
  const stored: StoredPassword = {
    password: parts.seals.open<Password>(row),
    standing: { kind: 'password', id, revision: row.revision },
    open: () =>
      unwrap(parts.hierarchy.tenantWrappingKey(tenant), passwordBinding(tenant, id), material),
  }
  return stored
}

/** The row of hashes, newest first; they are the caller's to overwrite. */
export function sealedPassword(
  { parts }: Work,
  password: Password,
  hashes: Uint8Array,
): PlannedRow {
  const { tenant, principal } = password
  const key = parts.hierarchy.tenantWrappingKey(tenant)
  return passwordRow(password, wrap(key, passwordBinding(tenant, principal), hashes))
}

export function wrapTotp({ parts }: Work, tenant: string, id: string, secret: Uint8Array) {
  return wrap(parts.hierarchy.tenantWrappingKey(tenant), totpBinding(tenant, id), secret)
}

/** What a code proves, and what is written so that it does not prove it again. */
export interface Proved {
  readonly authentication: Authentication
  readonly row: PlannedRow
  readonly standing: RowStanding
}

/** Whose code it is, of a person's authenticator apps. */
export function proveTotp(
  work: Work,
  factors: readonly StoredFactor[],
  code: string,
): Proved | undefined {
  const { now, parts } = work
  for (const { factor, material, standing } of factors) {
    if (factor.kind !== 'totp' || material === undefined) continue
    const key = parts.hierarchy.tenantWrappingKey(factor.tenant)
    const secret = unwrap(key, totpBinding(factor.tenant, factor.id), material)
    try {
      const lastStep = totpStep(secret, code, factor.lastStep, now)
      if (lastStep === undefined) continue
      return {
        authentication: { factor: 'totp', at: now },
        row: factorRow({ ...factor, lastStep, lastUsedAt: now }, material),
        standing,
      }
    } finally {
      secret.fill(0)
    }
  }
  return undefined
}

/** Whether it is one of a person's recovery codes, which is used up then. */
export function proveRecovery(
  work: Work,
  factors: readonly StoredFactor[],
  typed: string,
): Proved | undefined {
  const { now } = work
  for (const { factor, standing } of factors) {
    if (factor.kind !== 'recovery') continue
    const at = findRecoveryCode(typed, factor.codes)
    if (at === -1) continue
    const codes = factor.codes.map((code, index) =>
      index === at ? { ...code, usedAt: now } : code,
    )
    return {
      authentication: { factor: 'recovery-code', at: now },
      row: factorRow({ ...factor, codes, lastUsedAt: now }, undefined),
      standing,
    }
  }
  return undefined
}

const MINUTE_MS = 60_000

/** The failures of a person, and the rows that count one more or forget them. */
export async function lockoutOf(work: Work, person: Person & Pick<Principal, 'name'>) {
  const { parts, now } = work
  const row = await newestRow(parts.store, { kind: 'lockout', id: person.id })
  const lockout = row && parts.seals.open<Lockout>(row)
  const reference = { kind: 'lockout' as const, id: person.id }
  /** That nobody else counted meanwhile. */
  const conditions =
    row === undefined
      ? { absent: [reference], anew: true }
      : { unchanged: [{ ...reference, revision: row.revision }] }
  const failedOnceMore = async (): Promise<Pick<Plan<never>, 'rows' | 'after'>> => {
    const { value: settings } = await readSettings(work, person.tenant)
    const failures = (lockout?.failures ?? 0) + 1
    const locks = failures >= settings.lockoutFailures
    const counted = lockoutRow({
      principal: person.id,
      tenant: person.tenant,
      failures: locks ? 0 : failures,
      ...(locks ? { lockedUntil: now + settings.lockoutMinutes * MINUTE_MS } : {}),
    })
    if (!locks) return { rows: [counted] }
    const { id: who, tenant } = person
    const reach = await reachOfPrincipal(work, person)
    const alarm = alarmed(work, 'login.locked', { tenant, who, reach })
    return { rows: [counted, ...alarm.rows], after: alarm.after }
  }
  return {
    isLocked: (lockout?.lockedUntil ?? 0) > now,
    conditions,
    /** What a success takes away. */
    removals: row === undefined ? [] : [reference],
    /** The plan where a proof was wrong: one failure more is counted, and the caller is told the error. */
    async failed(error: LoginRefused) {
      return {
        additive: false,
        ...(await failedOnceMore()),
        ...conditions,
        detail: error.detail,
        refused: error,
        // Never told.
        output: undefined as never,
      }
    },
  }
}

/** Whether somebody who has these logs in with them: a passkey, or a password with an app. */
export function logsIn(
  factors: readonly StoredFactor[],
  password: StoredPassword | undefined,
): boolean {
  const kinds = new Set(factors.map(({ factor }) => factor.kind))
  return kinds.has('passkey') || (password !== undefined && kinds.has('totp'))
}

/** The person that a login acts as. @throws ClavigerError conflict for what is not a person's login */
export function loggedIn(work: Work): Principal {
  const { principal, credential } = work.session
  if (credential.kind !== 'login' || principal.kind !== 'user')
    throw new ClavigerError('conflict', 'Only a person who has logged in can do this')
  return principal
}
