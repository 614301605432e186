import { ClavigerError, type Principal } from '#model'
import { readRow, type Opening } from '../opening.ts'

/** The principal of a tenant that has a name, or undefined. */
export async function findNamed(
  opening: Opening,
  tenant: string,
  name: string,
): Promise<Principal | undefined> {
  const named = await readRow<{ readonly name: string; readonly principal: string }>(
    opening,
    'principalName',
    `${tenant}/${name}`,
  )
  if (named === undefined) return undefined
  const principal = await readRow<Principal>(opening, 'principal', named.value.principal)
  if (principal?.value.tenant === tenant && principal.value.name === name) return principal.value
  throw new ClavigerError(
    'integrity_failed',
    "The name of a principal does not lead to it; run 'claviger doctor'",
  )
}
