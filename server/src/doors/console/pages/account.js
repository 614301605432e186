import { recoveryCodes } from './codes.js'
import {
  button,
  codeField,
  digitsOf,
  facts,
  field,
  focusFirst,
  form,
  goodNote,
  h,
  section,
  time,
} from './elements.js'
import {
  authenticatorSetup,
  nameField,
  newPasswordFields,
  newPasswordOf,
  usernameField,
} from './factors.js'
import { perform } from './operations.js'
import { open, requireLogin, show } from './page.js'
import { makePasskey, passkeysAreKnown } from './passkey.js'
import { performProving } from './step-up.js'

/**
 * Looking after one's own account: factors, password, logins.
 *
 * @import { WireOutputOf } from '@claviger/contract'
 */
/** @typedef {WireOutputOf<'factor.list'>['items'][number]} FactorView */
/** @typedef {WireOutputOf<'login.list'>['items'][number]} LoginView */

const kinds = {
  password: 'Password',
  totp: 'Authenticator app',
  passkey: 'Passkey',
  recovery: 'Recovery codes',
}

/** What stands on the page is read anew; a note of what was just done goes on top. @param {string} [done] */
async function refresh(done) {
  const me = await requireLogin()
  const [factors, logins] = await Promise.all([
    perform('factor.list', {}),
    perform('login.list', {}),
  ])
  const note = done === undefined ? undefined : goodNote(done)
  show(
    note,
    facts([
      ['Name', me.principal.name],
      ['Signed in until', me.expiresAt === undefined ? undefined : time(me.expiresAt)],
    ]),
    factorSection(factors.items),
    passwordSection(factors.items, me.principal.name),
    loginSection(logins.items, me.credential),
  )
  note?.focus()
}

/** @param {readonly FactorView[]} factors */
function factorSection(factors) {
  const place = h('div')
  return section(
    'How you sign in',
    h('ul', { class: 'cards' }, ...factors.map(factorCard)),
    h(
      'div',
      { class: 'row' },
      passkeysAreKnown() && button('Add a passkey', () => addPasskey(place), 'quiet'),
      button('Add an authenticator app', () => addAuthenticator(place), 'quiet'),
      button('New recovery codes', () => renewCodes(place), 'quiet'),
    ),
    place,
  )
}

/** @param {FactorView} factor */
function factorCard(factor) {
  const { id, kind, name, createdAt, lastUsedAt, backedUp, codesLeft } = factor
  const title = name === undefined || name === '' ? kinds[kind] : name
  return h(
    'li',
    {},
    h('h3', {}, title),
    facts([
      ['Kind', kinds[kind]],
      ['Since', time(createdAt)],
      ['Last used', lastUsedAt === undefined ? 'never' : time(lastUsedAt)],
      ['Copied to other devices', backedUp === undefined ? undefined : backedUp ? 'yes' : 'no'],
      ['Codes left', codesLeft === undefined ? undefined : String(codesLeft)],
    ]),
    (kind === 'passkey' || kind === 'totp') &&
      h(
        'div',
        { class: 'row' },
        button(
          `Remove ${title}`,
          async () => {
            await performProving('factor.remove', { factor: id })
            await refresh(`${title} was removed.`)
          },
          'quiet danger',
        ),
      ),
  )
}

/** @param {HTMLElement} place */
async function addPasskey(place) {
  offer(
    place,
    'Make the passkey',
    async ({ name = '' }) => {
      const { id, passkey } = await perform('factor.begin', { kind: 'passkey' })
      const response = await makePasskey(passkey?.options)
      await performProving('factor.add', { ceremony: id, name, response })
      await refresh('The passkey was added.')
    },
    nameField('What to call it', 'Another passkey'),
  )
}

/** @param {HTMLElement} place */
async function addAuthenticator(place) {
  const { id, totp } = await perform('factor.begin', { kind: 'totp' })
  if (totp === undefined) throw new Error('The server began no authenticator app')
  offer(
    place,
    'Add the app',
    async ({ name = '', code = '' }) => {
      await performProving('factor.add', { ceremony: id, name, code: digitsOf(code) })
      await refresh('The authenticator app was added.')
    },
    authenticatorSetup(totp),
    nameField('What to call it', 'Another app'),
  )
}

/** @param {HTMLElement} place */
async function renewCodes(place) {
  const { codes } = await performProving('factor.renewCodes', {})
  const shown = recoveryCodes(codes, () => refresh('The old recovery codes open nothing any more.'))
  place.replaceChildren(shown)
  shown.querySelector('h2')?.focus()
}

/**
 * Shows a form where there was none, and puts the cursor into it.
 *
 * @param {HTMLElement} place
 * @param {Parameters<typeof form>} rest
 */
function offer(place, ...rest) {
  const shown = form(...rest)
  place.replaceChildren(shown)
  focusFirst(shown)
}

/** @param {readonly FactorView[]} factors @param {string} name */
function passwordSection(factors, name) {
  const has = factors.some(({ kind }) => kind === 'password')
  return section(
    'Password',
    h(
      'details',
      {},
      h('summary', {}, has ? 'Change it' : 'Set one'),
      form(
        has ? 'Change the password' : 'Set the password',
        async (values) => {
          const password = newPasswordOf(values)
          const current = values['current']
          await performProving(
            'password.change',
            current === undefined ? { password } : { current, password },
          )
          await refresh('The password is set, and your other logins have ended.')
        },
        usernameField(name),
        has &&
          field('Password until now', {
            name: 'current',
            type: 'password',
            autocomplete: 'current-password',
          }),
        newPasswordFields(8),
      ),
    ),
  )
}

/** @param {readonly LoginView[]} logins @param {string} own */
function loginSection(logins, own) {
  return section(
    'Where you are signed in',
    h(
      'ul',
      { class: 'cards' },
      ...logins.map((login) =>
        h(
          'li',
          {},
          h('h3', {}, login.id === own ? 'Here' : 'Another login'),
          facts([
            ['Since', time(login.createdAt)],
            ['Last used', time(login.seenAt)],
            ['Ends', time(login.expiresAt)],
            ['With', login.factors.map(({ factor }) => factor).join(', ')],
          ]),
          login.id !== own &&
            h(
              'div',
              { class: 'row' },
              button(
                'End it',
                async () => {
                  await perform('login.end', { login: login.id })
                  await refresh('That login has ended.')
                },
                'quiet danger',
              ),
            ),
        ),
      ),
    ),
  )
}

open(() => refresh())
