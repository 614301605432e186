import type { Enrolment, Factor, Lockout, LoginSession, Password } from '#model'
import type { PlannedRow } from '../verb.ts'

/** How what persons log in with, and their logins, become rows. */

export function loginSessionRow(login: LoginSession): PlannedRow {
  return {
    kind: 'loginSession',
    id: login.id,
    tenant: login.tenant,
    value: login,
    facets: [['principal', login.principal]],
  }
}

/** `wrapped` are the hashes under the tenant's key. */
export function passwordRow(password: Password, wrapped: Uint8Array): PlannedRow {
  return {
    kind: 'password',
    id: password.principal,
    tenant: password.tenant,
    value: password,
    material: wrapped,
    facets: [],
  }
}

/** `wrappedSecret` is the secret of an authenticator app under the tenant's key. */
export function factorRow(factor: Factor, wrappedSecret: Uint8Array | undefined): PlannedRow {
  return {
    kind: 'factor',
    id: factor.id,
    tenant: factor.tenant,
    value: factor,
    ...(wrappedSecret === undefined ? {} : { material: wrappedSecret }),
    facets: [['principal', factor.principal]],
  }
}

export function lockoutRow(lockout: Lockout): PlannedRow {
  return {
    kind: 'lockout',
    id: lockout.principal,
    tenant: lockout.tenant,
    value: lockout,
    facets: [],
  }
}

export function enrolmentRow(enrolment: Enrolment): PlannedRow {
  return {
    kind: 'enrolment',
    id: enrolment.id,
    tenant: enrolment.tenant,
    value: enrolment,
    facets: [['principal', enrolment.principal]],
  }
}
