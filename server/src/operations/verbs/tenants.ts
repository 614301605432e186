import { createTokenText } from '#access'
import { everyRow, newId } from '#keyring'
import {
  accountOf,
  ClavigerError,
  type Binding,
  type Principal,
  type Tenant,
  type Token,
} from '#model'
import { bindingRow, principalNameRow, principalRow, tenantRow, tokenRow } from '../rows.ts'
import type { ChangeVerb, PlannedRow, ReadVerb } from '../verb.ts'
import { principalView } from '../views.ts'
import type { Work } from '../work.ts'
import { rootTurn } from './system.ts'

/** The first token of an owner is for setting up; it is replaced by others soon. */
const FIRST_TOKEN_MS = 30 * 86_400_000

export interface NewTenant {
  readonly tenant: Tenant
  readonly owner: Principal
  /** Shown once. */
  readonly token: string
  readonly rows: readonly PlannedRow[]
}

/** A tenant with its wrapping key, its owner, the owner's binding and first token. `wrappedKey` is the tenant key under the root key. */
export function newTenant(tenant: Tenant, ownerName: string, wrappedKey: Uint8Array): NewTenant {
  const { id, createdAt } = tenant
  const owner: Principal = {
    id: newId(),
    tenant: id,
    name: ownerName,
    // It holds tokens, and only programs do: persons log in.
    kind: 'service',
    state: 'enabled',
    createdAt,
  }
  const binding: Binding = {
    id: newId(),
    tenant: id,
    role: 'owner',
    principal: owner.id,
    scope: { kind: 'tenant' },
    createdAt,
  }
  const tokenId = newId()
  const text = createTokenText(tokenId)
  const token: Token = {
    id: tokenId,
    tenant: id,
    principal: owner.id,
    description: 'first token',
    hash: text.hash,
    createdAt,
    expiresAt: createdAt + FIRST_TOKEN_MS,
  }
  return {
    tenant,
    owner,
    token: text.text,
    rows: [
      tenantRow(tenant, wrappedKey),
      principalRow(owner),
      principalNameRow(owner),
      bindingRow(binding),
      tokenRow(token),
    ],
  }
}

function tenantView(tenant: Tenant) {
  const { id, name, createdAt } = tenant
  return { id, name, createdAt, account: accountOf(tenant) }
}

/** Tenants are walls, and only the first tenant's owners stand outside them. */
function assertDefaultTenant(work: Work): void {
  if (work.caller.tenant !== work.parts.defaultTenant()) {
    throw new ClavigerError('forbidden', 'Only the default tenant manages tenants')
  }
}

/**
 * AWS clients know a tenant by its account alone, so no two have the same. Making a tenant writes the custody row, and is computed anew
 * when another did so meanwhile: nobody takes the account between this look and the commit.
 *
 * @throws ClavigerError conflict
 */
async function assertAccountFree({ parts }: Work, account: string): Promise<void> {
  for await (const row of everyRow(parts.store, 'tenant')) {
    if (accountOf(parts.seals.open<Tenant>(row)) === account)
      throw new ClavigerError('conflict', 'There is a tenant with that account; choose another')
  }
}

export const createTenant: ChangeVerb<'tenant.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    assertDefaultTenant(work)
    const { custody } = work.parts.system
    await rootTurn(work)
    await custody.refresh()
    const tenant: Tenant = {
      id: newId(),
      name: input.name,
      createdAt: work.parts.clock.now(),
      ...(input.account === undefined ? {} : { account: input.account }),
    }
    await assertAccountFree(work, accountOf(tenant))
    const made = newTenant(tenant, 'owner', work.parts.hierarchy.createTenantKey(tenant.id))
    return {
      additive: false,
      // The tenant's key is wrapped by the root key of now, and a replacement of it that is under way must not miss this tenant.
      rows: [...made.rows, { ...custody.restated, facets: [] }],
      absent: [{ kind: 'tenant', id: tenant.id }],
      unchanged: [custody.standing],
      subject: tenant.id,
      output: { tenant: tenantView(tenant), owner: principalView(made.owner), token: made.token },
    }
  },
}

export const listTenants: ReadVerb<'tenant.list'> = {
  kind: 'read',
  async run(input, work) {
    work.authorize()
    assertDefaultTenant(work)
    const rows = await work.parts.store.scan('tenant', input.cursor, input.limit + 1)
    const shown = rows
      .slice(0, input.limit)
      .map((row) => tenantView(work.parts.seals.open<Tenant>(row)))
    const last = shown.at(-1)
    return {
      items: shown,
      ...(rows.length > input.limit && last !== undefined ? { cursor: last.id } : {}),
    }
  },
}
