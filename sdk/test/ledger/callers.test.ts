import { keyMade, written } from '../../../contract/test/ledger/log.ts'
import {
  AFTER,
  BEFORE,
  change,
  END,
  gone,
  p2,
  rights,
  testLies,
  testTruths,
  use,
  type Part,
} from './stories.ts'

/** What a lying server says of callers: uses by logins that ended, by rights that were taken away, by nobody. */

/** p3 is a person, with a right of their own. */
const p3: readonly Part[] = [
  change('principal.create', { changed: written('principal p3') }),
  ...rights('p3', 'c3', 'b3').slice(1),
]
const login = (id: string, more: Part = {}): Part => ({
  event: 'login',
  principal: 'p3',
  credential: id,
  factors: ['login', 'password'],
  binding: undefined,
  subject: 'p3',
  changed: written(`loginSession ${id}`),
  ...more,
})
const atProvider = (id: string) =>
  login(id, { event: 'login.provider', detail: { provider: 'lp1' } })
const byLogin = (id: string, more: Part = {}): Part => ({
  ...use,
  principal: 'p3',
  credential: id,
  factors: ['login', 'password'],
  binding: 'b3',
  ...more,
})
/** A session that p3 makes with the login l1. */
const sessionOfLogin: Part = {
  ...login('l1', { event: 'session.create', changed: undefined }),
  detail: { session: 's', accessKey: 'A1', seconds: 3600, until: END },
}
const letIn: Part = {
  ...login('l1', { event: 'login.deviceConfirm', changed: written('loginSession l2') }),
  subject: 'l2',
}
const unlinked = (event: string) => change(event, { subject: 'p3', detail: { provider: 'lp1' } })

testLies([
  ['a login that was never made', [...p3, byLogin('l1')], [2]],
  [
    'a login of somebody else',
    [...p3, login('l1'), { ...use, credential: 'l1', factors: ['login'] }],
    [3],
  ],
  [
    'a login after the reset of its person',
    [...p3, login('l1'), gone('person.reset', 'p3'), byLogin('l1')],
    [4],
    /person.reset/,
  ],
  [
    'a session of a login after the reset of its person',
    [
      ...p3,
      login('l1'),
      sessionOfLogin,
      gone('person.reset', 'p3'),
      byLogin('A1', { factors: ['temporary', 'session:s'] }),
    ],
    [5],
  ],
  [
    'what a login let in, after the reset of its person',
    [...p3, login('l1'), letIn, gone('person.reset', 'p3'), byLogin('l2')],
    [5],
  ],
  [
    'another login after the password was changed',
    [
      ...p3,
      login('l1'),
      login('l2'),
      login('l2', { event: 'password.change', changed: written('password p3') }),
      byLogin('l2'),
      byLogin('l1'),
    ],
    [6],
  ],
  [
    'a login with a provider that was deleted',
    [...p3, atProvider('l1'), gone('loginProvider.delete', 'lp1'), byLogin('l1')],
    [4],
  ],
  [
    'what a login with a provider let in, after the provider was deleted',
    [...p3, atProvider('l1'), letIn, gone('loginProvider.delete', 'lp1'), byLogin('l2')],
    [5],
  ],
  ...['loginProvider.unlink', 'login.providerUnlink'].map(
    (event) =>
      [
        `a login with a provider, after ${event}`,
        [...p3, atProvider('l1'), unlinked(event), byLogin('l1')],
        [4],
      ] as const,
  ),
  [
    'a login with a provider, after its person was linked anew',
    [
      ...p3,
      atProvider('l1'),
      unlinked('loginProvider.unlink'),
      change('loginProvider.link', { subject: 'p3', detail: { provider: 'lp1' } }),
      byLogin('l1'),
    ],
    [5],
  ],
])

const grouped: readonly Part[] = [
  change('group.add', { subject: 'g1', changed: written('membership g1/p1') }),
  change('binding.create', {
    subject: 'b9',
    changed: written('binding b9'),
    detail: { group: 'g1' },
  }),
]
const byGroup: Part = { ...use, binding: 'b9' }
const granted = change('grant.create', { key: 'k1', subject: 'gr1' })
const byGrant: Part = { ...use, binding: 'grant:gr1' }
const broken = change('breakGlass.open', {
  subject: 'glass',
  changed: written('binding b9'),
  detail: { principal: 'p1', binding: 'b9', until: END },
})

testLies([
  ['a use by nobody', [{ ...use, principal: 'anonymous' }], [0]],
  ['a use by the server', [{ ...use, principal: 'system' }], [0]],
  [
    'a suspension that the server is said to have lifted',
    [change('key.resume', { key: 'k1', principal: 'system' })],
    [0],
  ],
  [
    'an owner in a tenant that is there',
    [
      change('tenant.create', {
        subject: 't1',
        changed: written('tenant t1', 'principal p9', 'binding b9', 'token c9'),
      }),
      { ...use, principal: 'p9', credential: 'c9', binding: 'b9' },
    ],
    [1],
  ],
  [
    'a server that begins again',
    [
      {
        event: 'system.init',
        changed: written('tenant t9', 'principal p9', 'binding b9', 'token c9'),
      },
      { ...use, tenant: 't9', principal: 'p9', credential: 'c9', binding: 'b9' },
    ],
    [1],
  ],
  ['a change by nobody', [change('key.update', { principal: 'anonymous' })], [0]],
  ['a principal that was never made', [{ ...use, principal: 'p9' }], [0]],
  ['a credential that was never made', [{ ...use, credential: 'c9' }], [0]],
  [
    'a credential that another event made',
    [change('alias.create', { changed: written('token c9') }), { ...use, credential: 'c9' }],
    [1],
  ],
  ['another’s token', [...p2, { ...use, credential: 'c2' }], [3]],
  ['another tenant’s token', [{ ...use, tenant: 't2' }], [0]],
  ['a use without a credential', [{ ...use, credential: undefined }], [0]],
  ['a use that does not say how it was proved', [{ ...use, factors: undefined }], [0]],
  ['a use by the server for somebody', [{ ...use, factors: ['approval'] }], [0]],
  ['a use that nothing allowed', [{ ...use, binding: undefined }], [0]],
  ['a right that was never given', [{ ...use, binding: 'b9' }], [0]],
  ['another’s right', [...p2, { ...use, binding: 'b2' }], [3]],
  [
    'a revoked token whose row is written again',
    [
      gone('token.revoke', 'c1'),
      change('token.create', { changed: written('token c1'), detail: { principal: 'p1' } }),
      use,
    ],
    [2],
  ],
  [
    'the right of a group that somebody is not in any more',
    [...grouped, byGroup, gone('group.remove', 'g1', 'membership g1/p1'), byGroup],
    [4],
  ],
  [
    'a membership that a login with a provider took away',
    [...grouped, gone('loginProvider.delete', 'lp1', 'membership g1/p1'), byGroup],
    [3],
  ],
  ['a revoked grant', [granted, byGrant, gone('grant.revoke', 'gr1'), byGrant], [3]],
  ['a retired grant', [granted, gone('grant.retire', 'gr1'), byGrant], [2]],
  ['a grant that was never made', [byGrant], [0]],
  ['a grant on another key', [granted, { ...byGrant, key: 'k2' }], [1]],
  [
    'a right behind glass, after the glass was closed',
    [broken, gone('breakGlass.close', 'glass', 'binding b9'), { ...use, binding: 'b9' }],
    [2],
  ],
  ['a right behind glass, after its time', [broken, { ...use, binding: 'b9', time: AFTER }], [1]],
  [
    'a use that passes for the rest of a change',
    [
      change('token.revoke', {
        ...use,
        event: 'token.revoke',
        key: undefined,
        subject: 'c1',
        changed: written('token c1'),
      }),
      {
        ...use,
        event: 'token.revoke',
        key: undefined,
        version: undefined,
        subject: 'c5',
        request: 'r2',
      },
    ].map((part) => ({ ...part, principal: 'p1', credential: 'c1', binding: 'b1' })),
    [1],
  ],
])

testTruths([
  [
    'what the server does by itself',
    [
      change('key.rotateDue', { key: 'k1', principal: 'system', binding: 'system' }),
      change('compromise.assess', { key: 'k1', principal: 'system', binding: 'system' }),
    ],
  ],
  [
    'another tenant, with an owner of its own',
    [
      change('tenant.create', {
        subject: 't2',
        changed: written('tenant t2', 'principal p9', 'binding b9', 'token c9'),
      }),
      keyMade('k9', 1, { tenant: 't2', principal: 'p9', credential: 'c9', binding: 'b9' }),
      { ...use, key: 'k9', tenant: 't2', principal: 'p9', credential: 'c9', binding: 'b9' },
    ],
  ],
  ['logins', [...p3, login('l1'), byLogin('l1'), letIn, byLogin('l2')]],
  [
    'a login after the reset',
    [...p3, login('l1'), gone('person.reset', 'p3'), login('l2'), byLogin('l2')],
  ],
  [
    'a login without the provider that was deleted',
    [...p3, login('l1'), atProvider('l2'), gone('loginProvider.delete', 'lp1'), byLogin('l1')],
  ],
  [
    'a group',
    [
      ...grouped,
      byGroup,
      gone('group.remove', 'g1', 'membership g1/p1'),
      ...grouped.slice(0, 1),
      byGroup,
    ],
  ],
  ['a grant', [granted, byGrant]],
  ['a right behind glass', [broken, { ...use, binding: 'b9', time: BEFORE }]],
  ['a statement of a key policy', [{ ...use, binding: 'policy:anything' }]],
  [
    'the rest of a change by a token that revokes itself',
    [
      { event: 'token.revoke', subject: 'c1', changed: written('token c1') },
      { event: 'token.revoke', subject: 'c1', part: 'rest', changed: written('token c1') },
    ],
  ],
])
