import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page } from './shared.ts'

/** Names that point at keys. */

const key = { key: codec.keyReference }
const notFound = ['not_found'] as const

const aliasView = z.strictObject({
  alias: codec.alias,
  key: codec.uuid,
  createdAt: codec.timestamp(),
  updatedAt: codec.timestamp().optional().describe('When it was last pointed elsewhere'),
  region: codec.region.optional().describe('Where it was made, where that is known'),
  multiRegionId: codec.uuid
    .optional()
    .describe('Where it points at a multi-Region key: what ciphertexts of that name'),
})

export const createAlias = operation({
  name: 'alias.create',
  effect: 'change',
  action: 'alias.create',
  route: 'POST /v1/aliases',
  summary: 'Point a new name at a key',
  input: z.strictObject({ alias: codec.alias, ...key }),
  output: aliasView,
  errors: ['not_found', 'conflict', 'wrong_state'],
})

export const updateAlias = operation({
  name: 'alias.update',
  effect: 'change',
  action: 'alias.update',
  route: 'PATCH /v1/aliases/{alias}',
  summary: 'Point a name at another key of the same usage',
  input: z.strictObject({ alias: codec.alias, ...key }),
  output: aliasView,
  errors: ['not_found', 'wrong_usage', 'wrong_state'],
})

export const deleteAlias = operation({
  name: 'alias.delete',
  effect: 'change',
  action: 'alias.delete',
  route: 'DELETE /v1/aliases/{alias}',
  summary: 'Remove a name; the key stays',
  input: z.strictObject({ alias: codec.alias }),
  output: empty,
  errors: ['not_found', 'wrong_state'],
})

export const listAliases = operation({
  name: 'alias.list',
  effect: 'read',
  action: 'alias.list',
  route: 'GET /v1/aliases',
  summary: 'List names and the keys they point at',
  input: z.strictObject({ key: codec.keyReference.optional(), ...page }),
  output: z.strictObject({ items: z.array(aliasView), ...nextPage }),
  errors: notFound,
})
