import type { InputOf } from '@claviger/contract'
import { findNamed, isPassword, noPassword } from '#access'
import { tenantNamed } from '../../logins/named-tenant.ts'
import { newLogin } from '../../logins/new-login.ts'
import { refused } from '../../logins/refused.ts'
import {
  factorsOf,
  lockoutOf,
  passwordOf,
  proveRecovery,
  proveTotp,
  type StoredFactor,
  type StoredPassword,
} from '../../logins/stored.ts'
import { standingPrincipal } from '../../standing-principal.ts'
import type { ChangeVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'

/** Logging in with a password and a code. Whoever is not there is told the same words, after the same work. */

/** The person, where it is one; with the condition that it still is. */
async function personOf(work: Work, input: InputOf<'login'>) {
  const tenant = await tenantNamed(work, input.tenant)
  const found = tenant && (await findNamed(work.parts, tenant, input.name))
  return found ? standingPrincipal(work, found.id) : undefined
}

/** Once for each state of the password, though the verb may run again. */
export function verifies(
  work: Work,
  stored: StoredPassword | undefined,
  password: string,
): Promise<boolean> {
  return work.once(`password at ${stored?.standing.revision ?? 0}`, async () => {
    if (stored === undefined) return isPassword(password, noPassword)
    const hashes = stored.open()
    try {
      return await isPassword(password, { parameters: stored.password.hashes, hashes })
    } finally {
      hashes.fill(0)
    }
  })
}

function second(work: Work, factors: readonly StoredFactor[], input: InputOf<'login'>) {
  if (input.code !== undefined) return proveTotp(work, factors, input.code)
  if (input.recoveryCode !== undefined) return proveRecovery(work, factors, input.recoveryCode)
  return undefined
}

export const login: ChangeVerb<'login'> = {
  kind: 'change',
  async run(input, work) {
    work.authorizeAnybody()
    const person = await personOf(work, input)
    const stored = person && (await passwordOf(work, person.principal))
    const knows = await verifies(work, stored, input.password)
    if (person === undefined || person.principal.kind !== 'user') throw refused('login', 'unknown')
    const { principal, standing } = person
    if (principal.state !== 'enabled') throw refused('login', 'disabled', principal.id)
    const lockout = await lockoutOf(work, principal)
    if (lockout.isLocked) throw refused('login', 'locked', principal.id)
    const factors = await factorsOf(work, principal)
    const proved = second(work, factors, input)
    const unchanged = [standing, ...(stored === undefined ? [] : [stored.standing])]
    if (!knows || proved === undefined) {
      return lockout.failed(refused('login', knows ? 'second-factor' : 'password', principal.id))
    }
    const at = work.now
    const authentications = [{ factor: 'password' as const, at }, proved.authentication]
    const made = await newLogin(work, { principal, authentications })
    work.believe({
      principal: principal.id,
      tenant: principal.tenant,
      name: principal.name,
      credential: made.login.id,
      factors: ['login', 'password', proved.authentication.factor],
    })
    return {
      additive: false,
      rows: [made.row, proved.row],
      removals: lockout.removals,
      absent: [made.absent, ...(lockout.conditions.absent ?? [])],
      anew: true,
      unchanged: [...unchanged, proved.standing, ...(lockout.conditions.unchanged ?? [])],
      subject: principal.id,
      output: made.output,
    }
  },
}
