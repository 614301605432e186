import type { OutputOf } from '@claviger/contract'
import { createTokenText, parseRange } from '#access'
import { newId } from '#keyring'
import { ClavigerError, DAY_MS, type SecretId } from '#model'
import { secretIdRow } from '../rows.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import { own, ownProgram } from './own.ts'
import { ofPrincipal, page } from './page.ts'
import { readBounds } from './settings.ts'

/** Secret ids: what a program is given at deployment. */

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
