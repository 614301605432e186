import { createClient } from '@claviger/sdk'
import { codeAt } from '../../../server/test/harness/person.ts'
import type { DevServer } from './dev-server.ts'

/** Persons of a development server. */

export const PASSWORD = 'lantern gravel oboe seventeen'
const STEP_MS = 30_000

/**
 * Somebody with a password and an authenticator app, which begins with the step before: `code` is what it shows so many steps from now.
 * `before` is done before they can log in.
 */
export async function person(
  { address, token }: DevServer,
  name: string,
  before: (id: string) => Promise<unknown> = () => Promise.resolve(),
) {
  const owner = createClient({ address, token })
  const { id } = await owner.principal.create({ name, kind: 'user' })
  await before(id)
  const { token: link } = await owner.person.invite({ person: id })
  const nobody = createClient({ address })
  const { totp } = await nobody.enrolment.begin({ token: link })
  const code = (steps: number) => codeAt(totp.secret, Date.now() + steps * STEP_MS)
  const first = { token: link, password: PASSWORD, totp: { code: code(-1) } }
  const { token: login = '' } = await nobody.enrolment.complete(first)
  return { id, code, token: login }
}
