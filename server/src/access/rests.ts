import type { Presented } from './session.ts'

/** Which changes end which sessions. */

/** The kinds of rows that sessions rest on. */
export const restable: ReadonlySet<string> = new Set([
  'token',
  'accessKey',
  'principal',
  'tenant',
  'trust',
  'identityProvider',
  'role',
  'group',
  'secretId',
  'certificate',
  'loginSession',
  'loginProvider',
  'loginLink',
])

/** Of which credentials a new row of a kind may make another principal, or none: sessions from these are opened anew. */
export const contradicts: ReadonlyMap<string, Presented['kind']> = new Map([
  ['certificate', 'certificate'],
  ['trust', 'identity-token'],
  ['identityProvider', 'identity-token'],
])

/** A grant's row id, which says whose it is, so that giving one does not make everybody's session be read anew. */
export function grantRowId(tenant: string, granteeName: string, grant: string): string {
  return `${tenant}/${granteeName}/${grant}`
}

/** Whose a grant's row is. */
export function granteeOf(rowId: string): { readonly tenant: string; readonly name: string } {
  const first = rowId.indexOf('/')
  return { tenant: rowId.slice(0, first), name: rowId.slice(first + 1, rowId.lastIndexOf('/')) }
}

/** Whether something that a session rests on ends it when it goes: without a role or a group it only has fewer rights. */
export function isLasting(reference: string): boolean {
  return !reference.startsWith('role/') && !reference.startsWith('group/')
}

/** What the rows that a session rests on say of their own end. */
export interface StandingRow {
  readonly revokedAt?: number
  /** Of a person's login. */
  readonly endedAt?: number
  readonly state?: string
}

/** Whether such a row is neither revoked, nor ended, nor disabled. */
export function stands({ revokedAt, endedAt, state }: StandingRow): boolean {
  return revokedAt === undefined && endedAt === undefined && state !== 'disabled'
}
