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
  problemNote,
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
import { arrival } from './journey.js'
import { loginSection } from './logins.js'
import { everyOne, perform, Refusal } from './operations.js'
import { createPasskey } from './own-passkeys.js'
import { finishLink, providerSection } from './own-providers.js'
import { open, requireLogin, show } from './page.js'
import { passkeysAreKnown } from './passkey.js'
import { performProving } from './step-up.js'

/**
 * Looking after one's own account: factors, password, logins.
 *
 * @import { WireOutputOf } from '@claviger/contract'
 */
/** @typedef {WireOutputOf<'factor.list'>['items'][number]} FactorView */

const kinds = {
  passkey: 'Passkey',
  password: 'Password',
  totp: 'Authenticator app',
  recovery: 'Recovery codes',
}

/** What stands on the page is read anew; a note of what was just done goes on top. @param {string} [done] */
function refresh(done) {
  return showAccount(done === undefined ? undefined : goodNote(done))
}

/** @param {HTMLElement} [note] what just happened */
async function showAccount(note) {
  const me = await requireLogin()
  const [factors, providers, logins] = await Promise.all([
    perform('factor.list', {}),
    perform('login.providerLinks', {}),
    everyOne((cursor) => perform('login.list', { cursor })),
  ])
  show(
    note,
    facts([
      ['Name', me.principal.name],
      ['Logged in until', me.expiresAt === undefined ? undefined : time(me.expiresAt)],
    ]),
    factorSection(factors.items),
    passwordSection(factors.items, me.principal.name),
    providerSection(providers.items, refresh),
    loginSection(logins, me.credential, refresh),
  )
  note?.focus()
}

/** @param {readonly FactorView[]} factors */
function factorSection(factors) {
  const place = h('div')
  const removable = factors.filter(({ kind }) => kind === 'totp' || kind === 'passkey').length
  const order = Object.keys(kinds)
  const sorted = factors.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  return section(
    'How you log in',
    h('ul', { class: 'cards' }, ...sorted.map((factor) => factorCard(factor, removable > 1))),
    h(
      'div',
      { class: 'row' },
      passkeysAreKnown() && button('Add a passkey', async () => addPasskey(place), 'quiet'),
      button('Add an authenticator app', () => addAuthenticator(place), 'quiet'),
      hasPassword(factors) && button('New recovery codes', () => renewCodes(place), 'quiet'),
    ),
    place,
  )
}

/** @param {FactorView} factor @param {boolean} hasOther whether another one would be left */
function factorCard(factor, hasOther) {
  const { id, kind, name, createdAt, lastUsedAt, backedUp, codesLeft } = factor
  const title = name === '' ? kinds[kind] : name
  return h(
    'li',
    {},
    h('h3', {}, title),
    facts([
      ['Kind', title === kinds[kind] ? undefined : kinds[kind]],
      ['Since', time(createdAt)],
      ['Last used', lastUsedAt === undefined ? undefined : time(lastUsedAt)],
      ['Copied to other devices', backedUp === undefined ? undefined : backedUp ? 'yes' : 'no'],
      ['Codes left', codesLeft === undefined ? undefined : String(codesLeft)],
    ]),
    (kind === 'totp' || kind === 'passkey') &&
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

/** @param {readonly FactorView[]} factors */
function hasPassword(factors) {
  return factors.some(({ kind }) => kind === 'password')
}

/** @param {HTMLElement} place */
function addPasskey(place) {
  const shown = form(
    'Make the passkey',
    async ({ name = '' }) => {
      await createPasskey(name)
      await refresh('The passkey was added.')
    },
    nameField('What to call it', 'Another passkey'),
  )
  place.replaceChildren(shown)
  focusFirst(shown)
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

/** @param {readonly FactorView[]} factors @param {string} name */
function passwordSection(factors, name) {
  const has = hasPassword(factors)
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
          await performProving('password.change', { current: values['current'], password })
          await refresh('The password is set, and your other logins have ended.')
        },
        usernameField(name),
        has &&
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

/** What came of a link with a provider; undefined where none was under way. */
async function comeBack() {
  /** @type {ReturnType<typeof arrival>} */
  let arrived
  try {
    arrived = arrival('link')
    if (arrived === undefined) return undefined
  } catch (error) {
    return problemNote(error)
  }
  // Whoever is not logged in any more goes to the login, and begins again.
  await requireLogin()
  try {
    await finishLink(arrived)
    return goodNote('You are linked, and can log in with the provider from now on.')
  } catch (error) {
    // That the provider's answer was refused does not mean that the login here has ended.
    return problemNote(error instanceof Refusal ? new Error(error.message) : error)
  }
}

open(async () => showAccount(await comeBack()))
