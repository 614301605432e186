import { isWithin, parseRange, parseToken, proves, sealSession } from '#access'
import { newestRow } from '#keyring'
import { LoginRefused, type SecretId } from '#model'
import { secretIdRow } from '../rows.ts'
import { standingPrincipal } from '../standing-principal.ts'
import type { ChangeVerb } from '../verb.ts'
import type { Work } from '../work.ts'

/** What a program does with its secret id: it gets a short token, and the use is counted in the same change. */

/** The same words for every reason; which it was stands in the ledger. */
function refused(reason: string, secretId?: string): LoginRefused {
  return new LoginRefused(
    'The role id and the secret id do not let anybody in; ask for a new secret id',
    { reason, ...(secretId === undefined ? {} : { secretId }) },
  )
}

/** Why a secret id that was proved lets nobody in from here now. */
function hindranceOf(value: SecretId, work: Work): string | undefined {
  if (value.revokedAt !== undefined) return 'revoked'
  if (value.expiresAt <= work.now) return 'expired'
  if (value.usesLeft === 0) return 'used-up'
  const ranges = value.networks.flatMap((network) => parseRange(network) ?? [])
  if (value.networks.length > 0 && isWithin(work.origin.source, ranges) !== true) return 'network'
  return undefined
}

/** The secret id that a text proves, and its principal, both standing. @throws LoginRefused */
async function proved(work: Work, input: { readonly principal: string; readonly secret: string }) {
  const { store, seals } = work.parts
  const presented = parseToken(input.secret, 'clvk')
  if (presented === undefined) throw refused('malformed')
  const row = await newestRow(store, { kind: 'secretId', id: presented.id })
  if (row === undefined) throw refused('unknown')
  const value = seals.open<SecretId>(row)
  if (!proves(presented, value.hash)) throw refused('wrong-secret', value.id)
  if (value.principal !== input.principal) throw refused('wrong-role', value.id)
  const hindrance = hindranceOf(value, work)
  if (hindrance !== undefined) throw refused(hindrance, value.id)
  const held = await standingPrincipal(work, value.principal)
  if (held?.principal.state !== 'enabled') throw refused('disabled', value.id)
  return {
    value,
    principal: held.principal,
    unchanged: [{ kind: 'secretId' as const, id: value.id, revision: row.revision }, held.standing],
  }
}

export const exchangeSecretId: ChangeVerb<'secretId.exchange'> = {
  kind: 'change',
  async run(input, work) {
    work.authorizeAnybody()
    const { value, principal, unchanged } = await proved(work, input)
    const { tenant, usesLeft } = value
    work.believe({
      principal: principal.id,
      tenant,
      credential: value.id,
      factors: ['secret-id'],
      name: principal.name,
    })
    const expiresAt = Math.min(work.now + input.seconds * 1_000, value.expiresAt)
    const token = sealSession(work.parts.hierarchy, tenant, {
      principal: principal.id,
      kind: 'secret-id',
      id: value.id,
      expiresAt,
      rests: [`secretId/${value.id}`],
    })
    return {
      additive: true,
      rows: usesLeft === undefined ? [] : [secretIdRow({ ...value, usesLeft: usesLeft - 1 })],
      unchanged,
      subject: value.id,
      detail: { seconds: Math.floor((expiresAt - work.now) / 1_000), until: expiresAt },
      output: { token, expiresAt, principal: principal.id },
    }
  },
}
