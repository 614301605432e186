import { createTokenText, csrfOf, principalArn } from '#access'
import { newId } from '#keyring'
import { ClavigerError, DAY_MS, type Principal, type Token } from '#model'
import { leftByDisabling } from '../occurrences/leaving.ts'
import { principalNameId, principalNameRow, principalRow, tokenRow } from '../rows.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import { principalView, tokenView } from '../views.ts'
import type { Work } from '../work.ts'
import { own, ownProgram } from './own.ts'
import { ofPrincipal, page } from './page.ts'
import { readBounds } from './settings.ts'

const DEFAULT_DAYS = 90

export const whoami: ReadVerb<'whoami'> = {
  kind: 'read',
  run(_input, work) {
    work.authorizeAnybody()
    const { principal, credential, caller } = work.session
    const presented = work.origin.credential
    return {
      principal: principalView(principal),
      account: caller.account,
      arn: principalArn(caller),
      credential: credential.id,
      ...(Number.isFinite(credential.expiresAt) ? { expiresAt: credential.expiresAt } : {}),
      // A page that is loaded anew has nothing but the cookie. Pages of other origins cannot read this answer.
      ...(presented.kind === 'cookie' ? { csrf: csrfOf(presented.token) } : {}),
    }
  },
}

export const createPrincipal: ChangeVerb<'principal.create'> = {
  kind: 'change',
  run(input, work) {
    work.authorize()
    const principal: Principal = {
      id: newId(),
      tenant: work.caller.tenant,
      name: input.name,
      kind: input.kind,
      state: 'enabled',
      createdAt: work.parts.clock.now(),
    }
    return {
      additive: true,
      rows: [principalRow(principal), principalNameRow(principal)],
      absent: [
        { kind: 'principal', id: principal.id },
        { kind: 'principalName', id: principalNameId(principal.tenant, principal.name) },
      ],
      taken: 'There is, or was, a principal of that name; choose another',
      subject: principal.id,
      output: principalView(principal),
    }
  },
}

export const getPrincipal: ReadVerb<'principal.get'> = {
  kind: 'read',
  async run(input, work) {
    work.authorize()
    return principalView((await own<Principal>(work, 'principal', input.principal)).value)
  },
}

export const listPrincipals: ReadVerb<'principal.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'principal', facets: [], input }, (row) =>
      principalView(work.parts.seals.open<Principal>(row)),
    )
  },
}

async function planState(work: Work, id: string, state: Principal['state']) {
  work.authorize()
  const { value, standing } = await own<Principal>(work, 'principal', id)
  if (value.state === state)
    throw new ClavigerError('conflict', `The principal is ${state} already`)
  if (id === work.caller.principal)
    throw new ClavigerError(
      'conflict',
      'Nobody can disable or enable themselves; ask another owner',
    )
  const principal: Principal = { ...value, state }
  return {
    additive: false,
    rows: [
      principalRow(principal),
      ...(state === 'disabled' ? await leftByDisabling(work, value) : []),
    ],
    unchanged: [standing],
    subject: id,
    output: principalView(principal),
  }
}

export const disablePrincipal: ChangeVerb<'principal.disable'> = {
  kind: 'change',
  run: (input, work) => planState(work, input.principal, 'disabled'),
}

export const enablePrincipal: ChangeVerb<'principal.enable'> = {
  kind: 'change',
  run: (input, work) => planState(work, input.principal, 'enabled'),
}

/** A new token of a principal. Its text is in the output and nowhere else. */
export function planToken(
  work: Work,
  principal: Principal,
  about: { readonly description: string; readonly days: number },
) {
  const id = newId()
  const text = createTokenText(id)
  const now = work.parts.clock.now()
  const token: Token = {
    id,
    tenant: principal.tenant,
    principal: principal.id,
    description: about.description,
    hash: text.hash,
    createdAt: now,
    expiresAt: now + about.days * DAY_MS,
  }
  return {
    additive: true,
    rows: [tokenRow(token)],
    absent: [{ kind: 'token' as const, id }],
    subject: id,
    detail: { principal: principal.id, days: about.days },
    output: { ...tokenView(token), token: text.text },
  }
}

export const createToken: ChangeVerb<'token.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await ownProgram(work, input.principal)
    const bounds = await readBounds(work)
    const days = bounds.days('tokenDays', input.days, DEFAULT_DAYS)
    return {
      ...planToken(work, value, { description: input.description, days }),
      unchanged: [standing, ...bounds.standing],
    }
  },
}

export const listTokens: ReadVerb<'token.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'token', facets: ofPrincipal(input), input }, (row) =>
      tokenView(work.parts.seals.open<Token>(row)),
    )
  },
}

export const revokeToken: ChangeVerb<'token.revoke'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<Token>(work, 'token', input.token)
    if (value.revokedAt !== undefined)
      throw new ClavigerError('conflict', 'The token is revoked already')
    const token: Token = { ...value, revokedAt: work.parts.clock.now() }
    return {
      additive: false,
      rows: [tokenRow(token)],
      unchanged: [standing],
      subject: token.id,
      detail: { principal: token.principal },
      output: tokenView(token),
    }
  },
}
