import { written } from '../../../contract/test/ledger/log.ts'
import {
  AFTER,
  BEFORE,
  change,
  END,
  gone,
  p2,
  testLies,
  testTruths,
  use,
  type Part,
} from './stories.ts'

/** What a lying server says of callers: uses by sessions that are over, or that rest on what is gone. */

/** A session of p1's own, or as p2. */
function session(id: string, more: Part = {}): Part {
  const { detail = {}, ...rest } = more
  return {
    event: 'session.create',
    binding: undefined,
    subject: 'p1',
    detail: { session: 's', accessKey: id, seconds: 3600, until: END, ...detail },
    ...rest,
  }
}
const by = (id: string, more: Part = {}): Part => ({
  ...use,
  credential: id,
  factors: ['temporary', 'session:s'],
  ...more,
})
const trusted = change('trust.create', {
  subject: 'tr1',
  changed: written('trust tr1'),
  detail: { principal: 'p2', by: 'p1', seconds: 3600 },
})
const asP2 = session('A1', { subject: 'p2', detail: { trust: 'tr1' } })
const byP2 = (id: string): Part => by(id, { principal: 'p2', binding: 'b2' })
testLies([
  ['a session that was never made', [by('A1')], [0]],
  ['a session after its end', [session('A1'), by('A1', { time: AFTER })], [1], /after its end/],
  ['a session of another', [...p2, session('A1'), byP2('A1')], [4]],
  ['a session that says nothing of its end', [session('A1', { detail: { until: '' } })], [0]],
  ['a session made twice', [session('A1'), session('A1')], [1]],
  [
    'a session, after the token it was made with',
    [session('A1'), gone('token.revoke', 'c1'), by('A1')],
    [2],
    /credential c1 .*token.revoke/,
  ],
  ['a session that is made with a revoked token', [gone('token.revoke', 'c1'), session('A1')], [1]],
  [
    'a session of a session, after the token that the first was made with',
    [
      session('A1'),
      session('A2', { credential: 'A1', factors: ['temporary'] }),
      gone('token.revoke', 'c1'),
      by('A2'),
    ],
    [3],
  ],
  [
    'a session of a session, after the end of the first',
    [
      session('A1'),
      session('A2', {
        credential: 'A1',
        factors: ['temporary'],
        detail: { until: END + 3_600_000 },
      }),
      by('A2', { time: AFTER }),
    ],
    [2],
  ],
  [
    'a session of a disabled principal',
    [session('A1'), gone('principal.disable', 'p1'), by('A1')],
    [2],
  ],
  ['acting as somebody who trusts nobody', [...p2, session('A1', { subject: 'p2' })], [3]],
  [
    'acting as somebody, by another’s trust',
    [...p2, { ...trusted, detail: { principal: 'p2', by: 'admin' } }, asP2],
    [4],
  ],
  [
    'acting as somebody by a trust that is gone',
    [...p2, trusted, gone('trust.delete', 'tr1', 'trust tr1'), asP2],
    [5],
  ],
  [
    'acting as somebody, after the trust',
    [...p2, trusted, asP2, gone('trust.delete', 'tr1', 'trust tr1'), byP2('A1')],
    [6],
    /trust tr1 .*trust.delete/,
  ],
  [
    'acting as somebody who is disabled',
    [...p2, trusted, asP2, gone('principal.disable', 'p2'), byP2('A1')],
    [6],
  ],
  [
    'acting as somebody, by somebody who is disabled',
    [...p2, trusted, asP2, gone('principal.disable', 'p1'), byP2('A1')],
    [6],
  ],
  [
    'acting as somebody, after the token of who acts',
    [...p2, trusted, asP2, gone('token.revoke', 'c1'), byP2('A1')],
    [6],
  ],
])

/** An identity token that a trust makes p1's. */
const provided: readonly Part[] = [
  change('identityProvider.create', { subject: 'ip1', changed: written('identityProvider ip1') }),
  change('trust.create', {
    subject: 'tr1',
    changed: written('trust tr1'),
    detail: { principal: 'p1', provider: 'ip1', seconds: 3600 },
  }),
]
const identity = { credential: 'hash', factors: ['identity-token', 'trust:tr1'] }
const secretId: readonly Part[] = [
  change('secretId.create', {
    subject: 'x1',
    changed: written('secretId x1'),
    detail: { principal: 'p1' },
  }),
]
const exchanged: Part = {
  event: 'secretId.exchange',
  credential: 'x1',
  factors: ['secret-id'],
  binding: undefined,
  subject: 'x1',
  detail: { seconds: 3600, until: END },
}
const byToken: Part = { ...use, credential: 'x1', factors: ['secret-id'] }

testLies([
  ['an identity token that nobody trusts', [{ ...use, ...identity }], [0]],
  [
    'an identity token that hides who trusts it',
    [...provided, { ...use, credential: 'hash', factors: ['identity-token'] }],
    [2],
  ],
  [
    'an identity token after the trust',
    [...provided, gone('trust.delete', 'tr1', 'trust tr1'), { ...use, ...identity }],
    [3],
  ],
  [
    'an identity token after its provider',
    [...provided, gone('identityProvider.delete', 'ip1'), { ...use, ...identity }],
    [3],
  ],
  [
    'a session of an identity token, after its provider',
    [...provided, session('A1', identity), gone('identityProvider.delete', 'ip1'), by('A1')],
    [4],
  ],
  ['a secret id that was not exchanged', [...secretId, byToken], [1]],
  [
    'a token of a secret id after its end',
    [...secretId, exchanged, { ...byToken, time: AFTER }],
    [2],
  ],
  [
    'a session of a secret id, after the secret id',
    [
      ...secretId,
      exchanged,
      session('A1', { credential: 'x1', factors: ['secret-id'] }),
      gone('secretId.revoke', 'x1'),
      by('A1'),
    ],
    [4],
  ],
])

testTruths([
  ['a session', [session('A1'), by('A1', { time: BEFORE })]],
  [
    'a session of a principal that was let back in',
    [session('A1'), gone('principal.disable', 'p1'), gone('principal.enable', 'p1'), by('A1')],
  ],
  ['acting as somebody', [...p2, trusted, asP2, byP2('A1')]],
  [
    'sessions beside the one that ended',
    [...p2, trusted, asP2, session('A2'), gone('trust.delete', 'tr1', 'trust tr1'), by('A2')],
  ],
  ['an identity token', [...provided, { ...use, ...identity }, session('A1', identity), by('A1')]],
  [
    'a secret id, exchanged again',
    [
      ...secretId,
      exchanged,
      byToken,
      { ...exchanged, time: AFTER, detail: { until: END + 1 } },
      { ...byToken, time: AFTER },
    ],
  ],
])
