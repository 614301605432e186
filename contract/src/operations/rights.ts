import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { dutyNames } from '../roles.ts'
import { empty, nextPage, page, roleName } from './shared.ts'

/** Roles of a tenant's own, groups, and duties that are kept apart. */

const roleView = z.strictObject({
  role: z.string(),
  summary: z.string(),
  actions: z.array(z.string()),
})
const actions = z
  .array(z.string().min(1).max(64))
  .min(1)
  .max(200)
  .describe('What it allows, such as encrypt or key.get')

export const createRole = operation({
  name: 'role.create',
  effect: 'change',
  action: 'role.create',
  route: 'POST /v1/roles',
  summary: 'Make a role from actions',
  input: z.strictObject({
    role: roleName.describe('What it is called'),
    summary: codec.words(256).default('').describe('What it is for'),
    actions,
  }),
  output: roleView,
  errors: ['conflict'],
})

export const updateRole = operation({
  name: 'role.update',
  effect: 'change',
  action: 'role.update',
  route: 'PATCH /v1/roles/{role}',
  summary: "Change what one of the tenant's own roles allows, at once for everybody who has it",
  input: z.strictObject({
    role: roleName.describe('What it is called'),
    summary: codec.words(256).optional().describe('What it is for'),
    actions: actions.optional(),
  }),
  output: roleView,
  errors: ['not_found', 'conflict', 'separation_violated'],
})

export const deleteRole = operation({
  name: 'role.delete',
  effect: 'change',
  action: 'role.delete',
  route: 'DELETE /v1/roles/{role}',
  summary: "Delete one of the tenant's own roles that nobody has",
  input: z.strictObject({ role: roleName.describe('What it is called') }),
  output: empty,
  errors: ['not_found', 'conflict'],
})

const groupView = z.strictObject({
  id: codec.uuid,
  name: codec.name,
  createdAt: codec.timestamp(),
})
const group = codec.uuid.describe('The id of a group')
const member = codec.uuid.describe('The id of a principal')

export const createGroup = operation({
  name: 'group.create',
  effect: 'change',
  action: 'group.create',
  route: 'POST /v1/groups',
  summary: 'Make a group of principals, which roles can be given to',
  input: z.strictObject({ name: codec.name.describe('What people call it') }),
  output: groupView,
  errors: ['conflict'],
})

export const listGroups = operation({
  name: 'group.list',
  effect: 'read',
  action: 'group.list',
  route: 'GET /v1/groups',
  summary: 'List groups',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(groupView), ...nextPage }),
  errors: [],
})

export const deleteGroup = operation({
  name: 'group.delete',
  effect: 'change',
  action: 'group.delete',
  route: 'DELETE /v1/groups/{group}',
  summary: 'Delete a group that has no roles; its members lose nothing else',
  input: z.strictObject({ group }),
  output: empty,
  errors: ['not_found', 'conflict'],
})

export const groupMembers = operation({
  name: 'group.members',
  effect: 'read',
  action: 'group.members',
  route: 'GET /v1/groups/{group}/members',
  summary: 'List the members of a group',
  input: z.strictObject({ group, ...page }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        principal: codec.uuid,
        createdAt: codec.timestamp(),
        provider: codec.uuid.optional().describe('The login provider that says so'),
      }),
    ),
    ...nextPage,
  }),
  errors: ['not_found'],
})

export const addToGroup = operation({
  name: 'group.add',
  effect: 'change',
  action: 'group.add',
  route: 'POST /v1/groups/{group}/members/{principal}',
  summary: 'Put a principal into a group',
  input: z.strictObject({ group, principal: member }),
  output: empty,
  errors: ['not_found', 'conflict', 'separation_violated'],
})

export const removeFromGroup = operation({
  name: 'group.remove',
  effect: 'change',
  action: 'group.remove',
  route: 'DELETE /v1/groups/{group}/members/{principal}',
  summary: 'Take a principal out of a group',
  input: z.strictObject({ group, principal: member }),
  output: empty,
  errors: ['not_found', 'conflict'],
})

const separationView = z.strictObject({
  id: codec.uuid,
  name: codec.name,
  duties: z.array(z.enum(dutyNames)),
  createdAt: codec.timestamp(),
})

export const createSeparation = operation({
  name: 'separation.create',
  effect: 'change',
  action: 'separation.create',
  route: 'POST /v1/separations',
  summary: 'Keep duties apart: from now on nobody is given two of them',
  input: z.strictObject({
    name: codec.name.describe('What people call it'),
    duties: z
      .array(z.enum(dutyNames))
      .min(2)
      .max(dutyNames.length)
      .describe(`Two or more of ${dutyNames.join(', ')}`),
  }),
  output: separationView,
  errors: ['conflict'],
})

export const listSeparations = operation({
  name: 'separation.list',
  effect: 'read',
  action: 'separation.list',
  route: 'GET /v1/separations',
  summary: 'List the duties that are kept apart',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(separationView), ...nextPage }),
  errors: [],
})

export const deleteSeparation = operation({
  name: 'separation.delete',
  effect: 'change',
  action: 'separation.delete',
  route: 'DELETE /v1/separations/{separation}',
  summary: 'No longer keep these duties apart',
  input: z.strictObject({ separation: codec.uuid.describe('The id of a separation') }),
  output: empty,
  errors: ['not_found', 'conflict'],
})
