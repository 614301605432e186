import {
  button,
  codeField,
  digitsOf,
  field,
  focusFirst,
  form,
  goodNote,
  h,
  passwordField,
  problemNote,
} from './elements.js'
import { arrival, loggedOutAt } from './journey.js'
import { nextPage, perform } from './operations.js'
import { show } from './page.js'
import { passkeysAreKnown, usePasskey } from './passkey.js'
import { finish, providerButtons } from './providers.js'

/**
 * Logging in: with a passkey; or with a password and a code of the app, or a recovery code where the app is lost; or by way of a
 * provider.
 */

const query = new URLSearchParams(location.search)
const tenant = query.get('tenant') ?? undefined
const next = nextPage(query.get('next'))

async function enterWithPasskey() {
  const { id, options } = await perform('login.challenge', {})
  const response = await usePasskey(options)
  await perform('login.passkey', { challenge: id, response, carrier: 'cookie' })
  location.replace(next)
}

/** @param {Record<string, string>} values */
async function enter(values) {
  const { name = '', password = '', code, recoveryCode } = values
  const second = recoveryCode === undefined ? { code: digitsOf(code ?? '') } : { recoveryCode }
  const wanted = values['tenant'] ?? ''
  await perform('login', {
    ...(wanted === '' ? {} : { tenant: wanted }),
    name,
    password,
    ...second,
    carrier: 'cookie',
  })
  location.replace(next)
}

/** The second field is a code of the app, or a recovery code where the app is lost. */
function secondField() {
  const place = h('div')
  const byCode = () =>
    place.replaceChildren(codeField(), swap('Use a recovery code instead', byRecovery))
  const byRecovery = () =>
    place.replaceChildren(
      field('Recovery code', { name: 'recoveryCode', autocomplete: 'off', maxlength: 64 }),
      swap('Use a code from the app instead', byCode),
    )
  /** @param {string} label @param {() => void} change */
  function swap(label, change) {
    const onclick = () => {
      change()
      focusFirst(place)
    }
    return h('button', { type: 'button', class: 'link', onclick }, label)
  }
  byCode()
  return place
}

const entry = form(
  'Log in',
  enter,
  field('Name', { name: 'name', autocomplete: 'username', maxlength: 128 }),
  passwordField('Password', { name: 'password', autocomplete: 'current-password' }),
  secondField(),
  h(
    'details',
    { open: tenant !== undefined },
    h('summary', {}, 'Another tenant'),
    field(
      'Tenant',
      { name: 'tenant', required: false, autocomplete: 'organization', value: tenant },
      'Its name or id. Leave it empty where you know of none.',
    ),
  ),
)

const byPasskey = h('div', { class: 'row' }, button('Use a passkey', enterWithPasskey, 'wide'))

/** For whoever comes from logging out at a provider. */
function farewell() {
  const left = loggedOutAt()
  return left === undefined ? undefined : goodNote(`You are logged out here and at ${left}.`)
}

/** What came of a login with a provider, or of a logout there; undefined where none was under way. */
async function comeBack() {
  try {
    const arrived = arrival('login')
    if (arrived === undefined) return farewell()
    const { callback, kept } = arrived
    const wanted = kept['next'] ?? null
    await finish({ flow: kept['flow'] ?? '', callback }, () => location.replace(nextPage(wanted)))
    return 'finished'
  } catch (error) {
    return problemNote(error)
  }
}

const cameBack = await comeBack()
if (cameBack !== 'finished') {
  const atProviders = h('section', { 'aria-label': 'With a provider', hidden: true })
  show(
    cameBack,
    passkeysAreKnown() && h('section', { 'aria-label': 'With a passkey' }, byPasskey),
    atProviders,
    passkeysAreKnown() && h('p', { class: 'or' }, 'or with a password'),
    h('section', { 'aria-label': 'With a password and a code' }, entry),
    h(
      'p',
      { class: 'hint' },
      'No account yet, or everything lost? Ask whoever looks after accounts for a link.',
    ),
  )
  focusFirst(entry)
  // Without them there are still the other ways, and those say what is wrong.
  const providers = await providerButtons(tenant, next).catch(() => [])
  atProviders.replaceChildren(...providers)
  atProviders.hidden = providers.length === 0
}
