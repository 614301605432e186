import { recoveryCodes } from './codes.js'
import {
  button,
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
import { loginSection } from './logins.js'
import { everyOne, perform } from './operations.js'
import { open, requireLogin, show } from './page.js'
import { performProving } from './step-up.js'

/**
 * Looking after one's own account: factors, password, logins.
 *
 * @import { WireOutputOf } from '@claviger/contract'
 */
/** @typedef {WireOutputOf<'factor.list'>['items'][number]} FactorView */

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
    everyOne((cursor) => perform('login.list', { cursor })),
  ])
  const note = done === undefined ? undefined : goodNote(done)
  show(
    note,
    facts([
      ['Name', me.principal.name],
      ['Logged in until', me.expiresAt === undefined ? undefined : time(me.expiresAt)],
    ]),
    factorSection(factors.items),
    passwordSection(me.principal.name),
    loginSection(logins, me.credential, refresh),
  )
  note?.focus()
}

/** @param {readonly FactorView[]} factors */
function factorSection(factors) {
  const place = h('div')
  const apps = factors.filter(({ kind }) => kind === 'totp').length
  const order = Object.keys(kinds)
  const sorted = factors.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  return section(
    'How you log in',
    h('ul', { class: 'cards' }, ...sorted.map((factor) => factorCard(factor, apps > 1))),
    h(
      'div',
      { class: 'row' },
      button('Add an authenticator app', () => addAuthenticator(place), 'quiet'),
      button('New recovery codes', () => renewCodes(place), 'quiet'),
    ),
    place,
  )
}

/** @param {FactorView} factor @param {boolean} hasOther whether another app would be left */
function factorCard(factor, hasOther) {
  const { id, kind, name, createdAt, lastUsedAt, codesLeft } = factor
  const title = name === '' ? kinds[kind] : name
  return h(
    'li',
    {},
    h('h3', {}, title),
    facts([
      ['Kind', title === kinds[kind] ? undefined : kinds[kind]],
      ['Since', time(createdAt)],
      ['Last used', lastUsedAt === undefined ? undefined : time(lastUsedAt)],
      ['Codes left', codesLeft === undefined ? undefined : String(codesLeft)],
    ]),
    kind === 'totp' &&
      hasOther &&
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
async function addAuthenticator(place) {
  const { id, totp } = await perform('factor.begin', { kind: 'totp' })
  if (totp === undefined) throw new Error('The server set no app up. Reload the page.')
  const shown = form(
    'Add the app',
    async ({ name = '', code = '' }) => {
      await performProving('factor.add', { ceremony: id, name, code: digitsOf(code) })
      await refresh('The authenticator app was added.')
    },
    authenticatorSetup(totp),
    nameField('What to call it', 'Another app'),
  )
  place.replaceChildren(shown)
  focusFirst(shown)
}

/** @param {HTMLElement} place */
async function renewCodes(place) {
  const { codes } = await performProving('factor.renewCodes', {})
  const shown = recoveryCodes(codes, () => refresh('The old recovery codes open nothing any more.'))
  place.replaceChildren(shown)
  shown.querySelector('h2')?.focus()
}

/** @param {string} name */
function passwordSection(name) {
  return section(
    'Password',
    h(
      'details',
      {},
      h('summary', {}, 'Change it'),
      form(
        'Change the password',
        async (values) => {
          const password = newPasswordOf(values)
          await performProving('password.change', { current: values['current'], password })
          await refresh('The password is set, and your other logins have ended.')
        },
        usernameField(name),
        field('Password until now', {
          name: 'current',
          type: 'password',
          autocomplete: 'current-password',
        }),
        newPasswordFields(),
      ),
    ),
  )
}

open(() => refresh())
