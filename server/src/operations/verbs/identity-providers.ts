import { assertKeySet } from '#access'
import { newId } from '#keyring'
import { ClavigerError, type IdentityProvider } from '#model'
import { identityProviderRow } from '../rows.ts'
import type { ChangeVerb, ReadVerb } from '../verb.ts'
import { identityProviderView } from '../views.ts'
import { own } from './own.ts'
import { page } from './page.ts'

/** Whose identity tokens are believed, and with which keys. Nothing is fetched from an issuer: its keys are given. */

export const createIdentityProvider: ChangeVerb<'identityProvider.create'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    await work.once('keys', () => assertKeySet(input.keys))
    const provider: IdentityProvider = {
      id: newId(),
      tenant: work.caller.tenant,
      issuer: input.issuer,
      audiences: [...input.audiences],
      keys: input.keys,
      createdAt: work.parts.clock.now(),
    }
    return {
      additive: true,
      rows: [identityProviderRow(provider)],
      absent: [{ kind: 'identityProvider', id: provider.id }],
      subject: provider.id,
      detail: { issuer: provider.issuer },
      output: identityProviderView(provider),
    }
  },
}

export const updateIdentityProvider: ChangeVerb<'identityProvider.update'> = {
  kind: 'change',
  async run({ provider: id, audiences, keys }, work) {
    work.authorize()
    if (audiences === undefined && keys === undefined)
      throw new ClavigerError('invalid_request', 'Give keys, audiences, or both')
    if (keys !== undefined) await work.once('keys', () => assertKeySet(keys))
    const { value, standing } = await own<IdentityProvider>(work, 'identityProvider', id)
    const provider: IdentityProvider = {
      ...value,
      ...(audiences === undefined ? {} : { audiences: [...audiences] }),
      ...(keys === undefined ? {} : { keys }),
    }
    return {
      additive: false,
      rows: [identityProviderRow(provider)],
      unchanged: [standing],
      subject: provider.id,
      detail: {
        issuer: provider.issuer,
        changed: [
          ...(keys === undefined ? [] : ['keys']),
          ...(audiences === undefined ? [] : ['audiences']),
        ].join(' and '),
      },
      output: identityProviderView(provider),
    }
  },
}

export const listIdentityProviders: ReadVerb<'identityProvider.list'> = {
  kind: 'read',
  run(input, work) {
    work.authorize()
    return page(work, { kind: 'identityProvider', facets: [], input }, (row) =>
      identityProviderView(work.parts.seals.open<IdentityProvider>(row)),
    )
  },
}

export const deleteIdentityProvider: ChangeVerb<'identityProvider.delete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorize()
    const { value, standing } = await own<IdentityProvider>(
      work,
      'identityProvider',
      input.provider,
    )
    return {
      additive: false,
      rows: [],
      removals: [{ kind: 'identityProvider', id: value.id }],
      unchanged: [standing],
      subject: value.id,
      detail: { issuer: value.issuer },
      output: {},
    }
  },
}
