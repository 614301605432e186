import type { OutputOf as NativeOutput } from '@claviger/contract'
import type { ClavigerError } from '#model'
import { aliasArn, multiRegionId, parseKeyReference, readAliasName } from '../arn.ts'
import type { Asking } from '../asking.ts'
import { AwsException } from '../exceptions.ts'
import { aliasOfAlias, aliasWithColon } from '../failures.ts'
import { handler } from './handler.ts'
import { assertNotPendingDeletion } from './metadata.ts'
import { moreOf, pageOf } from './paging.ts'

/** Aliases: natively without `alias/`, and in one region where the same name leads elsewhere from another. */

/** @throws AwsException ValidationException, InvalidAliasNameException for names that are AWS's own */
function nameOf(name: string): string {
  const alias = readAliasName(name)
  if (alias.startsWith('aws/'))
    throw new AwsException(
      'InvalidAliasNameException',
      'Aliases beginning with alias/aws/ are reserved',
    )
  return alias
}

function taken(error: ClavigerError, name: string, asking: Asking): AwsException | undefined {
  if (error.code !== 'conflict') return undefined
  const arn = aliasArn(asking, readAliasName(name))
  return new AwsException('AlreadyExistsException', `An alias with the name ${arn} already exists`)
}

function missing(error: ClavigerError, name: string, asking: Asking): AwsException | undefined {
  if (error.code !== 'not_found') return undefined
  const arn = aliasArn(asking, readAliasName(name))
  return new AwsException('NotFoundException', `Alias ${arn} is not found.`)
}

/** The pattern of the member takes a colon, the operation none. @throws AwsException ValidationException, InvalidAliasNameException */
function newName(name: string): string {
  const alias = nameOf(name)
  if (alias.includes(':')) throw aliasWithColon(name)
  return alias
}

/** The key that an alias is to lead to. @throws AwsException ValidationException, NotFoundException */
function targetOf(name: string, asking: Asking): string {
  if (parseKeyReference(name)?.kind === 'alias') throw aliasOfAlias()
  return asking.reference(name, 'no aliases')
}

export const createAlias = handler<'CreateAlias', 'alias.create'>({
  native: 'alias.create',
  input: (input, asking) => ({
    alias: newName(input.AliasName),
    key: targetOf(input.TargetKeyId, asking),
  }),
  examine: assertNotPendingDeletion,
  output: () => undefined,
  recover: (error, input, asking) => taken(error, input.AliasName, asking),
})

export const updateAlias = handler<'UpdateAlias', 'alias.update'>({
  native: 'alias.update',
  input: (input, asking) => ({
    alias: nameOf(input.AliasName),
    key: targetOf(input.TargetKeyId, asking),
  }),
  // The key that the alias leaves may be on its way out (developer guide, key states, footnote 10).
  examine(key, input, asking) {
    if (asking.isMet(asking.reference(input.TargetKeyId)))
      assertNotPendingDeletion(key, input, asking)
  },
  output: () => undefined,
  recover(error, input, asking) {
    const target = asking.facts?.key(asking.reference(input.TargetKeyId))
    return target === undefined ? undefined : missing(error, input.AliasName, asking)
  },
})

export const deleteAlias = handler<'DeleteAlias', 'alias.delete'>({
  native: 'alias.delete',
  input: (input) => ({ alias: nameOf(input.AliasName) }),
  output: () => undefined,
  recover: (error, input, asking) => missing(error, input.AliasName, asking),
})

/** What the region sees: without the region that tells two of one name apart. */
function plainName({ alias, region }: NativeOutput<'alias.create'>): string {
  const end = region === undefined ? '' : `@${region}`
  return end !== '' && alias.endsWith(end) ? alias.slice(0, -end.length) : alias
}

/** An alias names multi-Region keys by what they are known by at AWS. */
export const listAliases = handler<'ListAliases', 'alias.list'>({
  native: 'alias.list',
  input: (input, asking) => ({
    ...pageOf(input, 50, 100),
    ...(input.KeyId === undefined ? {} : { key: asking.reference(input.KeyId) }),
  }),
  output: (output, _input, asking) => ({
    Aliases: output.items.map((view) => {
      const name = plainName(view)
      return {
        AliasName: `alias/${name}`,
        AliasArn: aliasArn(asking, name),
        TargetKeyId:
          view.multiRegionId === undefined ? view.key : multiRegionId(view.multiRegionId),
        CreationDate: view.createdAt,
        LastUpdatedDate: view.updatedAt ?? view.createdAt,
      }
    }),
    ...moreOf(output.cursor),
  }),
})
