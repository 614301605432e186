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
  errors: ['not_found', 'conflict'],
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

const reading = {
  key: codec.keyReference,
  since: codec.timestamp().optional().describe('From this time on; the last 30 days unless given'),
}
const complete = z.boolean().describe('False where there was more in the ledger than is looked at')

export const keyDependents = operation({
  name: 'key.dependents',
  effect: 'read',
  action: 'key.dependents',
  route: 'GET /v1/keys/{key}/dependents',
  summary: 'Show what the end of a key would hit: what depends on it, and who used it lately',
  input: z.strictObject(reading),
  output: z.strictObject({
    key: codec.uuid,
    since: codec.timestamp(),
    asks: z
      .boolean()
      .describe('Whether revoking or destroying the key asks for this to be acknowledged'),
    digest: z.string().describe('What key.revoke and key.destroy take to acknowledge it'),
    declared: z.array(dependentView),
    observed: z
      .array(
        z.strictObject({
          key: codec.uuid,
          principal: z.string(),
          uses: z.int(),
          firstAt: codec.timestamp(),
          lastAt: codec.timestamp(),
          versions: z.array(z.int()),
          operations: z.array(z.string()),
        }),
      )
      .describe('Who used it since then, as the ledger knows it'),
    versions: z.array(
      z.strictObject({
        key: codec.uuid,
        version: z.int(),
        uses: z.int(),
        lastAt: codec.timestamp(),
      }),
    ),
    aliases: z.array(z.string()),
    related: z.array(codec.uuid).describe('Keys that have their material in common with it'),
    hidden: z
      .array(codec.uuid)
      .describe('Those of them that the caller may not see this of; the digest is of them too'),
    grants: z.array(
      z.strictObject({
        id: z.string(),
        key: codec.uuid,
        grantee: z.string(),
        operations: z.array(z.string()),
      }),
    ),
    complete,
    from: codec.timestamp().describe('How far back the ledger was looked at'),
  }),
  errors: ['not_found'],
})

export const keySources = operation({
  name: 'key.sources',
  effect: 'read',
  action: 'key.sources',
  route: 'GET /v1/keys/{key}/sources',
  summary: 'Show from which addresses a key was used; they are personal',
  input: z.strictObject(reading),
  output: z.strictObject({
    key: codec.uuid,
    since: codec.timestamp(),
    items: z.array(
      z.strictObject({
        principal: z.string(),
        addresses: z.array(z.string()),
        erased: z.int().describe('Addresses that are not known any more'),
        lastAt: codec.timestamp(),
      }),
    ),
    complete,
  }),
  errors: ['not_found'],
})
