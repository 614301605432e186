import { AwsException } from './exceptions.ts'
import { aliasWithoutPrefix } from './failures.ts'

/** Names of keys and aliases as AWS writes them, and the texts about those that lead nowhere. */

/** Where a name is meant: the region of the credential, and the account of its tenant. */
export interface Place {
  readonly region: string
  /** Twelve digits. */
  readonly account: string
}

/** `region` and `account` only where an ARN said them. An alias stands without `alias/`. */
export type KeyReference = (
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'alias'; readonly alias: string }
) &
  Partial<Place>

const ARN =
  /^arn:aws[a-z-]{0,32}:kms:(?<region>[a-z0-9][a-z0-9-]{0,62}):(?<account>\d{12}):(?<resource>(?:key|alias)\/.+)$/
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MULTI_REGION_ID = /^mrk-[0-9a-f]{32}$/
const ALIAS_PREFIX = 'alias/'
/** What an alias may be made of (CreateAlias); with its prefix it has at most 256 characters. */
const ALIAS = /^alias\/[a-zA-Z0-9:/_-]{1,250}$/

export function keyArn({ region, account }: Place, id: string): string {
  return `arn:aws:kms:${region}:${account}:key/${id}`
}

/** `alias` without its prefix. */
export function aliasArn({ region, account }: Place, alias: string): string {
  return `arn:aws:kms:${region}:${account}:${ALIAS_PREFIX}${alias}`
}

/** The id, key ARN, alias name or alias ARN in a text from outside; undefined where it is none of them. */
export function parseKeyReference(text: string): KeyReference | undefined {
  if (!text.startsWith('arn:')) return parseResource(text)
  const { region, account, resource } = ARN.exec(text)?.groups ?? {}
  if (region === undefined || account === undefined || resource === undefined) return undefined
  const named = parseResource(resource.startsWith('key/') ? resource.slice(4) : resource)
  // An alias behind `key/` is no alias.
  if (named === undefined || resource.startsWith('key/') !== (named.kind === 'id')) return undefined
  return { ...named, region, account }
}

function parseResource(text: string): KeyReference | undefined {
  if (UUID.test(text) || MULTI_REGION_ID.test(text)) return { kind: 'id', id: text }
  return ALIAS.test(text) ? { kind: 'alias', alias: text.slice(ALIAS_PREFIX.length) } : undefined
}

/**
 * A reference that can be looked for in a region. Operations that manage keys take no `aliases`.
 *
 * @throws AwsException NotFoundException with AWS's texts
 */
export function readKeyReference(
  text: string,
  { region }: Place,
  aliases: 'aliases' | 'no aliases',
): KeyReference {
  const reference = parseKeyReference(text)
  // For an ARN that is none AWS's text is not known; it begins like that for another region.
  if (reference === undefined) throw text.startsWith('arn:') ? invalidArn(text) : invalidKeyId(text)
  if (reference.kind === 'alias' && aliases === 'no aliases') throw invalidKeyId(text)
  if (reference.region !== undefined && reference.region !== region)
    throw invalidArn(reference.region)
  return reference
}

/** The alias of CreateAlias, UpdateAlias and DeleteAlias, without its prefix. @throws AwsException ValidationException */
export function readAliasName(name: string): string {
  const alias = name.slice(ALIAS_PREFIX.length)
  if (!name.startsWith(ALIAS_PREFIX) || alias === '') throw aliasWithoutPrefix()
  return alias
}

export function invalidKeyId(text: string): AwsException {
  return new AwsException('NotFoundException', `Invalid keyId '${text}'`)
}

/** The ARN names another region than the request was signed for. */
export function invalidArn(region: string): AwsException {
  return new AwsException('NotFoundException', `Invalid arn ${region}`)
}

export function keyNotFound(arn: string): AwsException {
  return new AwsException('NotFoundException', `Key '${arn}' does not exist`)
}

export function aliasNotFound(arn: string): AwsException {
  return new AwsException('NotFoundException', `Alias ${arn} is not found.`)
}

/** The id of a multi-Region key: its shared UUID without dashes. */
export function multiRegionId(uuid: string): string {
  return `mrk-${uuid.replaceAll('-', '')}`
}

/** The UUID of a multi-Region key's id; undefined where the text is no such id. */
export function sharedUuid(id: string): string | undefined {
  if (!MULTI_REGION_ID.test(id)) return undefined
  return id.slice(4).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
