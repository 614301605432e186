import { canonicalJson, digestOf } from './canonical.js'
import { button, facts, h, problemNote, section, time } from './elements.js'
import { perform } from './operations.js'
import { passkeysAreKnown, usePasskey } from './passkey.js'
import { performProving } from './step-up.js'

/**
 * One request for approval: what is asked, in words that are checked against the statement that is approved, and the decision.
 *
 * @import { WireOutputOf } from '@claviger/contract'
 */
/** @typedef {WireOutputOf<'approval.get'>} ApprovalView */

/**
 * The ledger keeps the statement, a passkey signs its digest, and the statement holds the digest of the input: both digests are made again
 * here, so that nobody approves anything else than what stands on the page.
 *
 * @param {ApprovalView} approval
 */
async function assertShownIsApproved(approval) {
  const { statement, digest, input, salt, operation, id, requester, key, automatic } = approval
  if ((await digestOf(statement)) !== digest)
    throw new Error(
      'The digest is not of this statement. Do not approve it, and tell whoever runs this server.',
    )
  const said = /** @type {Record<string, unknown>} */ (JSON.parse(statement))
  const same =
    said['operation'] === operation &&
    said['request'] === id &&
    said['requester'] === requester &&
    said['key'] === key &&
    said['createdAt'] === Date.parse(approval.createdAt) &&
    said['expiresAt'] === Date.parse(approval.expiresAt) &&
    (said['automatic'] ?? false) === automatic &&
    said['input'] === (await digestOf(canonicalJson({ input, salt })))
  if (!same)
    throw new Error(
      'What is shown is not what would be approved. Do not approve it, and tell whoever runs this server.',
    )
}

/**
 * @param {ApprovalView} approval
 * @param {string} me the principal that looks at it
 * @param {(done: string) => Promise<unknown>} refresh
 */
export async function approvalPage(approval, me, refresh) {
  const checked = await assertShownIsApproved(approval).then(
    () => undefined,
    (/** @type {unknown} */ error) => problemNote(error),
  )
  return h(
    'article',
    {},
    checked,
    what(approval),
    statementPart(approval),
    decisions(approval),
    checked === undefined && approval.state === 'pending' && decide(approval, me, refresh),
  )
}

/** @param {ApprovalView} approval */
function what({
  operation,
  requester,
  comment,
  createdAt,
  expiresAt,
  state,
  approvals,
  input,
  key,
  executedAt,
  automatic,
  failure,
}) {
  return section(
    operation,
    facts([
      ['State', h('span', { class: `state ${state}` }, state)],
      ['Asked by', h('code', {}, requester)],
      ['Because', comment === '' ? '(nothing was said)' : comment],
      ['Key', key === undefined ? undefined : h('code', {}, key)],
      ['Asked at', time(createdAt)],
      ['Open until', time(expiresAt)],
      ['Needs', `${approvals} ${approvals === 1 ? 'approval' : 'approvals'}`],
      [
        'Done by',
        automatic ? 'the server, with the last approval' : 'who asked, once it is approved',
      ],
      ['Done at', executedAt === undefined ? undefined : time(executedAt)],
      ['Not done', failure === undefined ? undefined : failed(failure)],
    ]),
    h('h3', {}, 'With'),
    inputTable(input),
  )
}

/** @param {NonNullable<ApprovalView['failure']>} failure */
function failed({ code, at }) {
  return h('span', {}, 'The server was refused at ', time(at), ': ', h('code', {}, code))
}

/** What is given to the operation, a row each. @param {unknown} input */
function inputTable(input) {
  const rows = Object.entries(/** @type {Record<string, unknown>} */ (input))
  if (rows.length === 0) return h('p', {}, 'Nothing further.')
  return facts(
    rows.map(([name, value]) => [
      name,
      h('pre', {}, typeof value === 'string' ? value : JSON.stringify(value, null, 2)),
    ]),
  )
}

/** @param {ApprovalView} approval */
function statementPart({ digest, statement, signed }) {
  return section(
    signed ? 'What a passkey signs' : 'What is approved',
    facts([['SHA-256', h('code', { class: 'digest' }, digest)]]),
    h('details', {}, h('summary', {}, 'The whole statement'), h('pre', { tabindex: 0 }, statement)),
  )
}

/** @param {ApprovalView} approval */
function decisions({ decisions: made }) {
  if (made.length === 0) return section('Decisions', h('p', {}, 'None yet.'))
  return section(
    'Decisions',
    h(
      'ul',
      { class: 'cards' },
      ...made.map(({ principal, at, comment, verdict, signed }) =>
        h(
          'li',
          {},
          h('h3', {}, h('span', { class: `state ${verdict}` }, verdict), signed && ' and signed'),
          facts([
            ['By', h('code', {}, principal)],
            ['At', time(at)],
            ['Saying', comment === '' ? undefined : comment],
          ]),
        ),
      ),
    ),
  )
}

/**
 * @param {ApprovalView} approval
 * @param {string} me
 * @param {(done: string) => Promise<unknown>} refresh
 */
function decide(approval, me, refresh) {
  const { id } = approval
  if (approval.requester === me)
    return section(
      'Your own request',
      h('p', {}, 'Others decide on it. You can take it back.'),
      h(
        'div',
        { class: 'row' },
        button(
          'Withdraw it',
          async () => {
            await perform('approval.withdraw', { approval: id })
            await refresh('The request is withdrawn.')
          },
          'quiet danger',
        ),
      ),
    )
  const mine = approval.decisions.find(({ principal }) => principal === me)
  if (mine !== undefined)
    return section(
      'Your decision',
      h('p', {}, `You have ${mine.verdict} it, and the others decide.`),
    )
  const comment = () =>
    /** @type {HTMLTextAreaElement | null} */ (document.getElementById('comment'))?.value ?? ''
  return section(
    'Your decision',
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'comment' }, 'What you say about it'),
      h('textarea', { id: 'comment', rows: 3, maxlength: 1024 }),
    ),
    approval.automatic &&
      h(
        'p',
        { class: 'note' },
        'With the last approval the server does it by itself, without asking anybody again.',
      ),
    approval.signed &&
      !passkeysAreKnown() &&
      h('p', { class: 'note' }, 'Approving takes a passkey, and this browser knows none.'),
    h(
      'div',
      { class: 'row' },
      button(approval.signed ? 'Approve and sign with a passkey' : 'Approve', async () => {
        await approve(approval, comment())
        await refresh('You approved it.')
      }),
      button(
        'Reject',
        async () => {
          await performProving('approval.reject', { approval: id, comment: comment() })
          await refresh('You rejected it.')
        },
        'danger',
      ),
    ),
  )
}

/** @param {ApprovalView} approval @param {string} comment */
async function approve({ id, signed, digest }, comment) {
  if (!signed) return performProving('approval.approve', { approval: id, comment })
  const { options } = await performProving('approval.challenge', { approval: id })
  if (options['challenge'] !== digest)
    throw new Error('The server asks for a signature over something else. Do not approve it.')
  const response = await usePasskey(options)
  return performProving('approval.approve', { approval: id, comment, response })
}
