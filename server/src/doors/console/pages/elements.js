import { Refusal } from './operations.js'

/** Elements, made by hand: text is always text and never markup. */

/** @typedef {Node | string | undefined | false} Child */
/** @typedef {string | number | boolean | undefined | ((event: Event) => unknown)} Value */

/**
 * An element with attributes and children. A function under `onclick` and the like listens.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, Value>>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value))
  }
  for (const child of children)
    if (child !== undefined && child !== false)
      element.append(typeof child === 'string' ? visible(child) : child)
  return element
}

/**
 * Text with what has no sign of its own spelled out. Somebody else may have written it, and such characters turn the order of what
 * follows around, or tell two names apart that look the same.
 *
 * @param {string} text
 */
export function visible(text) {
  return text.replaceAll(
    /[^\P{Cc}\n\t]|[\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}

let fields = 0

/**
 * A labelled input with its hint.
 *
 * @param {string} label
 * @param {Readonly<Record<string, Value>> & { name: string }} attributes
 * @param {string} [hint]
 */
export function field(label, attributes, hint) {
  fields += 1
  const id = `field-${fields}`
  const hintId = `${id}-hint`
  return h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    h('input', {
      type: 'text',
      required: true,
      autocapitalize: 'none',
      spellcheck: 'false',
      ...attributes,
      id,
      'aria-describedby': hint === undefined ? undefined : hintId,
    }),
    hint !== undefined && h('p', { class: 'hint', id: hintId }, hint),
  )
}

/**
 * A field for a password, which can be looked at while it is typed (SP 800-63B-4 section 3.1.1.2).
 *
 * @param {string} label
 * @param {Readonly<Record<string, Value>> & { name: string }} attributes
 * @param {string} [hint]
 */
export function passwordField(label, attributes, hint) {
  const place = field(label, { type: 'password', ...attributes }, hint)
  const input = place.querySelector('input')
  const shown = h('input', { type: 'checkbox', name: 'shown' })
  shown.addEventListener('change', () => {
    input?.setAttribute('type', shown.checked ? 'text' : 'password')
  })
  input?.after(h('label', { class: 'check small' }, shown, `Show ${label.toLowerCase()}`))
  return place
}

/** A field for the six digits of an authenticator app. @param {Readonly<Record<string, Value>>} [more] */
export function codeField(more = {}) {
  return field('Code from your authenticator app', {
    name: 'code',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    pattern: '[0-9 ]{6,7}',
    maxlength: 7,
    class: 'code',
    title: 'Six digits',
    ...more,
  })
}

/** The six digits as they were meant. @param {string} typed */
export function digitsOf(typed) {
  return typed.replaceAll(' ', '')
}

/** @param {string} label @param {() => Promise<unknown>} action @param {string} [kind] */
export function button(label, action, kind = '') {
  const element = h('button', { type: 'button', class: kind }, label)
  element.addEventListener('click', () => void runBy(element, action))
  return element
}

/**
 * A form: when it is sent, the fields go to `action` as text, and what goes wrong is said above the button.
 *
 * @param {string} label of the button
 * @param {(values: Record<string, string>, form: HTMLFormElement) => Promise<unknown>} action
 * @param {...Child} children
 */
export function form(label, action, ...children) {
  const submit = h('button', { type: 'submit' }, label)
  const element = h('form', {}, ...children, h('div', { class: 'row' }, submit))
  element.addEventListener('submit', (event) => {
    event.preventDefault()
    const values = Object.fromEntries(
      [...new FormData(element)].map(([name, value]) => [
        name,
        typeof value === 'string' ? value : '',
      ]),
    )
    void runBy(submit, () => action(values, element))
  })
  return element
}

/**
 * Does something that a button asked for: the button waits, and what goes wrong stands beside it.
 *
 * @param {HTMLButtonElement} asking
 * @param {() => Promise<unknown>} action
 */
async function runBy(asking, action) {
  const place = asking.closest('.row') ?? asking
  for (const old of place.parentElement?.querySelectorAll(':scope > .note.bad') ?? []) old.remove()
  asking.disabled = true
  asking.setAttribute('aria-busy', 'true')
  try {
    await action()
  } catch (error) {
    const note = problemNote(error)
    // What was typed of a code that is used once is of no use any more.
    for (const input of asking.form?.querySelectorAll('input') ?? [])
      if (input.autocomplete === 'one-time-code') input.value = ''
    place.before(note)
    note.focus()
  } finally {
    asking.disabled = false
    asking.removeAttribute('aria-busy')
  }
}

/** Puts the cursor where the next thing is to be typed. @param {Element} place */
export function focusFirst(place) {
  const inputs = [...place.querySelectorAll('input')]
  inputs.find(({ readOnly, type }) => !readOnly && type !== 'checkbox')?.focus()
}

/** What went wrong, in words. @param {unknown} error */
export function problemNote(error) {
  const words = error instanceof Error ? error.message : String(error)
  const ended = error instanceof Refusal && error.code === 'unauthenticated'
  return h(
    'p',
    { class: 'note bad', role: 'alert', tabindex: -1 },
    words,
    ended && location.pathname !== '/login' && ': ',
    ended && location.pathname !== '/login' && h('a', { href: '/login' }, 'log in'),
  )
}

/** What went well. @param {...Child} children */
export function goodNote(...children) {
  return h('p', { class: 'note good', role: 'status', tabindex: -1 }, ...children)
}

/** A part of a page with its heading. @param {string} heading @param {...Child} children */
export function section(heading, ...children) {
  return h('section', {}, h('h2', {}, heading), ...children)
}

/** Names and values. @param {readonly (readonly [string, Child])[]} rows */
export function facts(rows) {
  return h(
    'dl',
    { class: 'facts' },
    ...rows
      .filter(([, value]) => value !== undefined && value !== false)
      .flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  )
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A time as people here write it, with the marks of direction that some languages put into it. @param {string} text RFC 3339 */
export function time(text) {
  return h('time', { datetime: text }, document.createTextNode(dates.format(new Date(text))))
}

/** A button that copies a text. @param {string} label @param {string} text */
export function copyButton(label, text) {
  const element = button(
    label,
    async () => {
      await navigator.clipboard.writeText(text)
      element.textContent = 'Copied'
    },
    'quiet',
  )
  return element
}
