import type { OutputOf } from '@claviger/contract'
import { createTokenText, isWithin, parseRange, parseToken, proves, sealSession } from '#access'
import { newestRow, newId } from '#keyring'
import { ClavigerError, LoginRefused, type Principal, type SecretId } from '#model'
import { secretIdRow } from '../rows.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { own, ownProgram } from './own.ts'
import { ofPrincipal, page } from './page.ts'
import { readBounds } from './settings.ts'

/** Secret ids: what a program is given at deployment, and exchanges for short tokens. */

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 90

function view(secretId: SecretId): OutputOf<'secretId.revoke'> {
  const { id, principal, description, createdAt, expiresAt, usesLeft, networks, revokedAt } =
    secretId
  return {
    id,
    principal,
    description,
    createdAt,
    expiresAt,
    ...(usesLeft === undefined ? {} : { usesLeft }),
    networks: [...networks],
    ...(revokedAt === undefined ? {} : { revokedAt }),
  }
}

function assertNetworks(networks: readonly string[]): void {
  if (networks.every((network) => parseRange(network) !== undefined)) return
  throw new ClavigerError('invalid_request', 'networks must be CIDR, such as 10.0.0.0/8', {
    field: 'networks',
  })
}

export const createSecretId: ChangeVerb<'secretId.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    assertNetworks(input.networks)
    const { standing } = await ownProgram(work, input.principal)
    const bounds = await readBounds(work)
    const days = bounds.days('secretIdDays', input.days, DEFAULT_DAYS)
    const id = newId()
    const text = createTokenText(id, 'clvk')
    const secretId: SecretId = {
      id,
      tenant: work.caller.tenant,
      principal: input.principal,
      description: input.description,
      hash: text.hash,
      createdAt: work.now,
      expiresAt: work.now + days * DAY_MS,
      networks: input.networks,
      ...(input.uses === undefined ? {} : { usesLeft: input.uses }),
    }
    return {
      additive: true,
      rows: [secretIdRow(secretId)],
      absent: [{ kind: 'secretId', id }],
      unchanged: [standing, ...bounds.standing],
      subject: id,
      detail: { principal: input.principal, days },
      output: { ...view(secretId), secret: text.text },
    }
  },
}

export const listSecretIds: ReadVerb<'secretId.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'secretId', facets: ofPrincipal(input), input }, (row) =>
      view(work.parts.seals.open<SecretId>(row)),
    )
  },
}

export const revokeSecretId: ChangeVerb<'secretId.revoke'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<SecretId>(work, 'secretId', input.secretId)
    if (value.revokedAt !== undefined)
      throw new ClavigerError('conflict', 'The secret id is revoked already')
    const secretId: SecretId = { ...value, revokedAt: work.now }
    return {
      additive: false,
      rows: [secretIdRow(secretId)],
      unchanged: [standing],
      subject: secretId.id,
      detail: { principal: secretId.principal },
      output: view(secretId),
    }
  },
}

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
  const principalRow = await newestRow(store, { kind: 'principal', id: value.principal })
  const principal = principalRow && seals.open<Principal>(principalRow)
  if (principalRow === undefined || principal?.state !== 'enabled')
    throw refused('disabled', value.id)
  return {
    value,
    principal,
    unchanged: [
      { kind: 'secretId' as const, id: value.id, revision: row.revision },
      { kind: 'principal' as const, id: principal.id, revision: principalRow.revision },
    ],
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
      detail: { seconds: Math.floor((expiresAt - work.now) / 1_000) },
      output: { token, expiresAt, principal: principal.id },
    }
  },
}
