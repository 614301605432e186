import type { RoleName } from '@claviger/contract'
import { accessKeyBinding } from '#access'
import { newestRow, newId, secretBuffer, wrap } from '#keyring'
import type { AccessKey, Binding, Principal, Scope } from '#model'
import {
  accessKeyRow,
  bindingRow,
  principalNameId,
  principalNameRow,
  principalRow,
} from '../rows.ts'
import { standingPrincipal } from '../standing-principal.ts'
import type { InternalVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { assertProgram } from './own.ts'

/** A principal of a development server, with what it may do and what it signs its requests with. */
export interface SeedPrincipal {
  /** The owner's name adds to the owner. */
  readonly name: string
  readonly kind: Principal['kind']
  readonly roles: readonly { readonly role: RoleName; readonly scope: Scope }[]
  readonly accessKeys: readonly { readonly id: string; readonly secret: string }[]
}

/** The principal of that name as it stands, or a new one. */
async function principalOf(work: Work, { name, kind }: SeedPrincipal) {
  const { store, seals, clock } = work.parts
  const { tenant } = work.caller
  const nameRow = await newestRow(store, {
    kind: 'principalName',
    id: principalNameId(tenant, name),
  })
  if (nameRow !== undefined) {
    const { principal: id } = seals.open<{ principal: string }>(nameRow)
    const held = await standingPrincipal(work, id)
    if (held !== undefined)
      return { principal: held.principal, rows: [], absent: [], unchanged: [held.standing] }
  }
  const id = newId()
  const principal: Principal = { id, tenant, name, kind, state: 'enabled', createdAt: clock.now() }
  return {
    principal,
    rows: [principalRow(principal), principalNameRow(principal)],
    absent: [
      { kind: 'principal' as const, id },
      { kind: 'principalName' as const, id: principalNameId(tenant, name) },
    ],
    unchanged: [],
  }
}

function planBinding(
  work: Work,
  principal: string,
  { role, scope }: SeedPrincipal['roles'][number],
): Binding {
  return {
    id: newId(),
    tenant: work.caller.tenant,
    role,
    principal,
    // By id, so that a name pointed elsewhere later does not move it.
    scope: scope.kind === 'key' ? { kind: 'key', key: work.key(scope.key).ringKey.key.id } : scope,
    createdAt: work.now,
  }
}

function planAccessKey(work: Work, principal: string, given: SeedPrincipal['accessKeys'][number]) {
  const { tenant } = work.caller
  const accessKey: AccessKey = {
    id: given.id,
    tenant,
    principal,
    description: 'seed',
    createdAt: work.now,
  }
  const secret = secretBuffer(Buffer.byteLength(given.secret))
  secret.write(given.secret)
  try {
    const { hierarchy } = work.parts
    const binding = accessKeyBinding(tenant, given.id)
    return accessKeyRow(accessKey, wrap(hierarchy.tenantWrappingKey(tenant), binding, secret))
  } finally {
    secret.fill(0)
  }
}

/**
 * Makes a principal, or takes the one of that name, and gives it roles and access keys whose secrets are known beforehand.
 *
 * @throws ClavigerError conflict where an access key's id is taken, or a person's; not_found where a role is on a key that is not there
 */
export const seedPrincipal: InternalVerb<SeedPrincipal> = {
  kind: 'change',
  references: ({ roles }) =>
    roles.flatMap(({ scope }) => (scope.kind === 'key' ? [scope.key] : [])),
  async run(input, work) {
    work.authorize()
    const { principal, rows, absent, unchanged } = await principalOf(work, input)
    if (input.accessKeys.length > 0) assertProgram(principal)
    const { id } = principal
    const bindings = input.roles.map((role) => planBinding(work, id, role))
    return {
      additive: true,
      rows: [
        ...rows,
        ...bindings.map(bindingRow),
        ...input.accessKeys.map((given) => planAccessKey(work, id, given)),
      ],
      absent: [
        ...absent,
        ...bindings.map((binding) => ({ kind: 'binding' as const, id: binding.id })),
        ...input.accessKeys.map((given) => ({ kind: 'accessKey' as const, id: given.id })),
      ],
      unchanged,
      taken: 'The name, or the id of an access key, is taken',
      subject: id,
      output: undefined,
    }
  },
}
