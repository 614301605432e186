import { accessKeyBinding, newAccessKeyId, newAccessKeySecret } from '#access'
import { wrap } from '#keyring'
import { ClavigerError, DAY_MS, type AccessKey, type Principal } from '#model'
import { accessKeyRow } from '../rows.ts'
import type { ChangeVerb, InternalVerb, ReadVerb } from '../verb.ts'
import { accessKeyView } from '../views.ts'
import type { Work } from '../work.ts'
import { own, ownProgram } from './own.ts'
import { findOwner } from './owner-token.ts'
import { ofPrincipal, page } from './page.ts'
import { readBounds } from './settings.ts'

/** A new access key of a principal. Its secret is in the output, and wrapped in the row; the bytes in between are overwritten. */
function planAccessKey(
  work: Work,
  principal: Principal,
  about: { readonly description: string; readonly days?: number | undefined },
) {
  const { clock, hierarchy } = work.parts
  const now = clock.now()
  const { tenant } = principal
  const accessKey: AccessKey = {
    id: newAccessKeyId('AKIA'),
    tenant,
    principal: principal.id,
    description: about.description,
    createdAt: now,
    ...(about.days === undefined ? {} : { expiresAt: now + about.days * DAY_MS }),
  }
  const { id } = accessKey
  const secret = newAccessKeySecret()
  try {
    const wrapped = wrap(hierarchy.tenantWrappingKey(tenant), accessKeyBinding(tenant, id), secret)
    return {
      additive: true,
      rows: [accessKeyRow(accessKey, wrapped)],
      absent: [{ kind: 'accessKey' as const, id }],
      subject: id,
      detail: {
        principal: principal.id,
        ...(about.days === undefined ? {} : { days: about.days }),
      },
      output: { ...accessKeyView(accessKey), secret: secret.toString() },
    }
  } finally {
    secret.fill(0)
  }
}

export const createAccessKey: ChangeVerb<'accessKey.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await ownProgram(work, input.principal)
    const bounds = await readBounds(work)
    const days = bounds.accessKeyDays(input.days)
    return {
      ...planAccessKey(work, value, { description: input.description, days }),
      unchanged: [standing, ...bounds.standing],
    }
  },
}

export const listAccessKeys: ReadVerb<'accessKey.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'accessKey', facets: ofPrincipal(input), input }, (row) =>
      accessKeyView(work.parts.seals.open<AccessKey>(row)),
    )
  },
}

export const revokeAccessKey: ChangeVerb<'accessKey.revoke'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<AccessKey>(work, 'accessKey', input.accessKey)
    if (value.revokedAt !== undefined)
      throw new ClavigerError('conflict', 'The access key is revoked already')
    const accessKey: AccessKey = { ...value, revokedAt: work.parts.clock.now() }
    return {
      additive: false,
      // It signs nothing any more, so its secret is not kept, wrapped or not.
      rows: [accessKeyRow(accessKey, undefined)],
      unchanged: [standing],
      subject: accessKey.id,
      detail: { principal: accessKey.principal },
      output: accessKeyView(accessKey),
    }
  },
}

/** The days that the access key of a development server lives, like the token it hands out. */
const OWNER_DAYS = 30

/**
 * An access key for an owner of the tenant, made by the server for whoever started it on their own machine: `claviger dev` hands one
 * out at each start, as it does a token.
 */
export const createOwnerAccessKey: InternalVerb<
  Record<never, never>,
  { readonly accessKey: string; readonly secret: string }
> = {
  kind: 'change',
  references: () => [],
  async run(_input, work) {
    work.authorize()
    const { principal: value, standing } = await findOwner(work)
    const about = { description: 'development server', days: OWNER_DAYS }
    const { output, ...plan } = planAccessKey(work, value, about)
    return {
      ...plan,
      unchanged: [standing],
      output: { accessKey: output.id, secret: output.secret },
    }
  },
}
