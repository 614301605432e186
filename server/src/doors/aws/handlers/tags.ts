import { isLabel } from '@claviger/contract'
import { AwsException } from '../exceptions.ts'
import { duplicateTagKeys, reservedTag, tooManyTags } from '../failures.ts'
import { handler } from './handler.ts'
import { assertNotPendingDeletion } from './metadata.ts'
import { moreOf, pageOf } from './paging.ts'

/** Tags are the labels of keys. */

const TAGS_MAX = 50

/** @throws AwsException TagException */
export function labelsOf(
  tags: readonly { readonly TagKey: string; readonly TagValue: string }[],
): Record<string, string> {
  if (tags.length > TAGS_MAX) throw tooManyTags()
  for (const { TagKey } of tags) if (TagKey.toLowerCase().startsWith('aws:')) throw reservedTag()
  for (const { TagKey, TagValue } of tags) {
    if (!isLabel(TagKey, TagValue)) {
      throw new AwsException(
        'TagException',
        'Tags are letters, digits, blanks and _ . : / + - @, in values also =',
      )
    }
  }
  if (new Set(tags.map(({ TagKey }) => TagKey)).size < tags.length) throw duplicateTagKeys()
  return Object.fromEntries(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]))
}

export const tagResource = handler<'TagResource', 'key.label'>({
  native: 'key.label',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId, 'no aliases'),
    set: labelsOf(input.Tags),
  }),
  examine(key, input, asking) {
    assertNotPendingDeletion(key, input, asking)
    const names = new Set([...Object.keys(key.labels), ...input.Tags.map(({ TagKey }) => TagKey)])
    if (names.size > TAGS_MAX) throw tooManyTags()
  },
  output: () => undefined,
})

export const untagResource = handler<'UntagResource', 'key.label'>({
  native: 'key.label',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId, 'no aliases'),
    remove: [...input.TagKeys],
  }),
  examine: assertNotPendingDeletion,
  output: () => undefined,
})

export const listResourceTags = handler<'ListResourceTags', 'key.get'>({
  native: 'key.get',
  input: (input, asking) => ({ key: asking.reference(input.KeyId, 'no aliases') }),
  output(output, input) {
    const { limit, cursor } = pageOf(input, TAGS_MAX, TAGS_MAX)
    const names = Object.keys(output.labels).toSorted()
    const from = cursor === undefined ? 0 : names.findIndex((name) => name > cursor)
    const shown = from === -1 ? [] : names.slice(from, from + limit)
    const last = shown.at(-1)
    return {
      Tags: shown.map((name) => ({ TagKey: name, TagValue: output.labels[name] ?? '' })),
      ...moreOf(last !== undefined && last !== names.at(-1) ? last : undefined),
    }
  },
})
