import { duplicateTagKeys, reservedTag, tooManyTags } from '../failures.ts'

/** Tags are the labels of keys. */

const TAGS_MAX = 50

/** @throws AwsException TagException */
export function labelsOf(
  tags: readonly { readonly TagKey: string; readonly TagValue: string }[],
): Record<string, string> {
  if (tags.length > TAGS_MAX) throw tooManyTags()
  for (const { TagKey } of tags) if (TagKey.toLowerCase().startsWith('aws:')) throw reservedTag()
  if (new Set(tags.map(({ TagKey }) => TagKey)).size < tags.length) throw duplicateTagKeys()
  return Object.fromEntries(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]))
}
