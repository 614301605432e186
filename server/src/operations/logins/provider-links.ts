import { listRows } from '#access'
import { newestRow } from '#keyring'
import { ClavigerError, type LoginLink, type Principal } from '#model'
import type { Work } from '../work.ts'
import { factorsOf } from './stored.ts'

/** Who a person is at login providers. */

type Person = Pick<Principal, 'id' | 'tenant'>

export async function linksOf({ parts }: Work, { id, tenant }: Person): Promise<LoginLink[]> {
  const links = await listRows<LoginLink>(parts, 'loginLink', tenant, ['principal', id])
  return links.filter((one) => one.principal === id)
}

/** Whether a person has a password, a code or a passkey, or a login provider that was enough by itself. */
export async function canLogIn(work: Work, person: Person): Promise<boolean> {
  const password = await newestRow(work.parts.store, { kind: 'password', id: person.id })
  return (
    password !== undefined ||
    (await factorsOf(work, person)).length > 0 ||
    (await linksOf(work, person)).some((one) => one.proven === true)
  )
}

/** @throws ClavigerError conflict where the person is somebody at the provider already: one person, one subject */
export async function assertUnlinked(work: Work, person: Person, provider: string): Promise<void> {
  if ((await linksOf(work, person)).some((one) => one.provider === provider))
    throw new ClavigerError(
      'conflict',
      'The person is linked with that provider; unlink them first',
    )
}
