import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  paginateDescribeCustomKeyStores,
  paginateListAliases,
  paginateListGrants,
  paginateListKeyPolicies,
  paginateListKeyRotations,
  paginateListKeys,
  paginateListResourceTags,
  paginateListRetirableGrants,
} from '@aws-sdk/client-kms'
import { assertRefused, present, startAwsHouse } from '../house.ts'
import { makeKey } from './keys-in-states.ts'

/** Lists in pages, with AWS's own paginators. */

const { kms, owner } = await startAwsHouse()
const COUNT = 7
const range = Array.from({ length: COUNT }, (_, at) => at)
const key = await makeKey(kms, {
  Tags: range.map((at) => ({ TagKey: `tag-${at}`, TagValue: String(at) })),
})
const { id: KeyId } = key
for (const at of range) {
  await makeKey(kms)
  await kms.createAlias({ AliasName: `alias/name-${at}`, TargetKeyId: KeyId })
  await kms.rotateKeyOnDemand({ KeyId })
  await kms.createGrant({
    KeyId,
    Name: `grant-${at}`,
    GranteePrincipal: owner.arn,
    RetiringPrincipal: owner.arn,
    Operations: ['Decrypt'],
  })
}

interface Listed {
  readonly NextMarker?: string | undefined
  readonly Truncated?: boolean | undefined
}

/** What comes of going through all pages of a size. */
async function pagesOf<Page extends Listed>(
  pages: AsyncIterable<Page>,
  names: (page: Page) => readonly (string | undefined)[],
): Promise<readonly (readonly (string | undefined)[])[]> {
  const found: (readonly (string | undefined)[])[] = []
  for await (const page of pages) {
    assert.equal(page.NextMarker !== undefined, page.Truncated)
    found.push(names(page))
  }
  return found
}

type Config = { readonly client: typeof kms; readonly pageSize: number }

/** Each paginated operation, with how many things it lists. */
const lists: Readonly<
  Record<
    string,
    {
      readonly count: number
      readonly walk: (config: Config) => ReturnType<typeof pagesOf>
      readonly ask: (page: { Marker?: string; Limit?: number }) => Promise<unknown>
    }
  >
> = {
  ListKeys: {
    count: COUNT + 1,
    walk: (config) =>
      pagesOf(paginateListKeys(config, {}), ({ Keys = [] }) => Keys.map((each) => each.KeyArn)),
    ask: (page) => kms.listKeys(page),
  },
  ListAliases: {
    count: COUNT,
    walk: (config) =>
      pagesOf(paginateListAliases(config, { KeyId }), ({ Aliases = [] }) =>
        Aliases.map((each) => each.AliasName),
      ),
    ask: (page) => kms.listAliases(page),
  },
  ListKeyRotations: {
    count: COUNT,
    walk: (config) =>
      pagesOf(paginateListKeyRotations(config, { KeyId }), ({ Rotations = [] }) =>
        Rotations.map((each) => each.KeyMaterialId),
      ),
    ask: (page) => kms.listKeyRotations({ KeyId, ...page }),
  },
  ListGrants: {
    count: COUNT,
    walk: (config) =>
      pagesOf(paginateListGrants(config, { KeyId }), ({ Grants = [] }) =>
        Grants.map((each) => each.GrantId),
      ),
    ask: (page) => kms.listGrants({ KeyId, ...page }),
  },
  ListRetirableGrants: {
    count: COUNT,
    walk: (config) =>
      pagesOf(
        paginateListRetirableGrants(config, { RetiringPrincipal: owner.arn }),
        ({ Grants = [] }) => Grants.map((each) => each.GrantId),
      ),
    ask: (page) => kms.listRetirableGrants({ RetiringPrincipal: owner.arn, ...page }),
  },
  ListResourceTags: {
    count: COUNT,
    walk: (config) =>
      pagesOf(paginateListResourceTags(config, { KeyId }), ({ Tags = [] }) =>
        Tags.map((each) => each.TagKey),
      ),
    ask: (page) => kms.listResourceTags({ KeyId, ...page }),
  },
  ListKeyPolicies: {
    count: 1,
    walk: (config) =>
      pagesOf(paginateListKeyPolicies(config, { KeyId }), ({ PolicyNames = [] }) => PolicyNames),
    ask: (page) => kms.listKeyPolicies({ KeyId, ...page }),
  },
  DescribeCustomKeyStores: {
    count: 0,
    walk: (config) =>
      pagesOf(paginateDescribeCustomKeyStores(config, {}), ({ CustomKeyStores = [] }) =>
        CustomKeyStores.map((each) => each.CustomKeyStoreId),
      ),
    ask: (page) => kms.describeCustomKeyStores(page),
  },
}

for (const [name, { count, walk, ask }] of Object.entries(lists)) {
  test(`${name} in pages of any size`, async () => {
    const whole = (await walk({ client: kms, pageSize: 50 })).flat()
    assert.equal(whole.length, count)
    assert.equal(new Set(whole).size, count)
    for (const pageSize of [1, 2, 3, COUNT, COUNT + 1]) {
      const pages = await walk({ client: kms, pageSize })
      assert.deepEqual(pages.flat(), whole)
      assert.ok(pages.every((page) => page.length <= pageSize))
      // AWS's pages may be short, but a client that asks for one of a list and looks no further is to get it.
      if (count > 0) assert.equal(pages[0]?.length, Math.min(pageSize, count))
    }
  })

  test(`${name} takes no marker of its own making, and no limit beyond AWS's`, async () => {
    for (const Marker of ['x', 'AAAA', 'clv1:', Buffer.from('clv1').toString('base64url')])
      await assertRefused(ask({ Marker }), 'InvalidMarkerException')
    for (const Limit of [0, -1, 1_001])
      await assertRefused(ask({ Limit }), 'ValidationException', /'limit' failed to satisfy/)
  })
}

test('keys and grants may be listed by what they belong to', async () => {
  const other = await makeKey(kms)
  assert.deepEqual((await kms.listAliases({ KeyId: other.id })).Aliases, [])
  assert.deepEqual((await kms.listGrants({ KeyId: other.id })).Grants, [])
  const { Grants } = await kms.listGrants({ KeyId, GranteePrincipal: owner.arn })
  const [grant] = present(Grants)
  const { Grants: only } = await kms.listGrants({ KeyId, GrantId: present(grant?.GrantId) })
  assert.deepEqual(only, [grant])
})
