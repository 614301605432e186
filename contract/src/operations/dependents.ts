import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page } from './shared.ts'

/** What depends on a key: what says so itself, and who answers for it. */

export const dependentKinds = ['service', 'store'] as const

const dependent = { dependent: codec.uuid.describe('The id of a dependent') }
const kind = z
  .enum(dependentKinds)
  .describe('A service that uses the key, or a store of what the key protects')
const contact = codec.words(256).describe('Whom to call: a team, an address, a number')
const description = codec.words(1_024).describe('What it does with the key, in words')
const owner = codec.uuid.describe('The principal that answers for it')

export const dependentView = z.strictObject({
  id: codec.uuid,
  key: codec.uuid,
  name: codec.name,
  kind,
  owner: codec.uuid,
  contact: z.string(),
  description: z.string(),
  createdAt: codec.timestamp(),
  updatedAt: codec.timestamp().optional(),
  acknowledged: z
    .array(
      z.strictObject({
        notice: z.int().describe('The index of the notice in the ledger'),
        at: codec.timestamp(),
        by: codec.uuid.describe('The principal that said so'),
      }),
    )
    .describe('The newest 64 notices that it has acted on, the newest last'),
})

export const createDependent = operation({
  name: 'dependent.create',
  effect: 'change',
  action: 'dependent.create',
  route: 'POST /v1/dependents',
  summary: 'Declare that something depends on a key',
  input: z.strictObject({
    key: codec.keyReference,
    name: codec.name.describe('What people call it'),
    kind: kind.default('service'),
    owner: owner.optional().describe('The principal that answers for it; the caller unless given'),
    contact: contact.default(''),
    description: description.default(''),
  }),
  output: dependentView,
  errors: ['not_found', 'wrong_state', 'conflict'],
})

export const updateDependent = operation({
  name: 'dependent.update',
  effect: 'change',
  action: 'dependent.update',
  route: 'PATCH /v1/dependents/{dependent}',
  summary: 'Change what is said of a dependent; its owner may, and whoever may for its key',
  input: z.strictObject({
    ...dependent,
    name: codec.name.optional().describe('What people call it'),
    owner: owner.optional(),
    contact: contact.optional(),
    description: description.optional(),
  }),
  output: dependentView,
  errors: ['not_found'],
})

export const removeDependent = operation({
  name: 'dependent.remove',
  effect: 'change',
  action: 'dependent.remove',
  route: 'DELETE /v1/dependents/{dependent}',
  summary:
    'Say that something depends on its key no more; its owner may, and whoever may for its key',
  input: z.strictObject(dependent),
  output: empty,
  errors: ['not_found'],
})

export const getDependent = operation({
  name: 'dependent.get',
  effect: 'read',
  action: 'dependent.list',
  route: 'GET /v1/dependents/{dependent}',
  summary: 'Show a dependent',
  input: z.strictObject(dependent),
  output: dependentView,
  errors: ['not_found'],
})

export const listDependents = operation({
  name: 'dependent.list',
  effect: 'read',
  action: 'dependent.list',
  route: 'GET /v1/dependents',
  summary: 'List what is declared to depend on keys',
  input: z.strictObject({
    key: codec.keyReference.optional().describe('Only what depends on this key'),
    owner: codec.uuid.optional().describe('Only what this principal answers for'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(dependentView), ...nextPage }),
  errors: ['not_found'],
})

export const acknowledgeNotice = operation({
  name: 'dependent.acknowledge',
  effect: 'change',
  action: 'dependent.acknowledge',
  route: 'POST /v1/dependents/{dependent}/acknowledge',
  summary:
    'Say that a dependent has done what a notice asks of it; its owner may, and whoever may for its key',
  input: z.strictObject({
    ...dependent,
    notice: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .describe('The index of the notice in the ledger'),
  }),
  output: dependentView,
  errors: ['not_found', 'conflict'],
})
