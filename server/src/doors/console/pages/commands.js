import { copyButton, h } from './elements.js'

/** What to type at a terminal. */

/** Logging the command line in at this server, the way it is called from here. */
export function commandToLogIn() {
  const command = `claviger --address ${location.origin} login`
  return [
    h('p', {}, 'Log the command line in with:'),
    h('pre', { class: 'command' }, h('code', {}, command)),
    h('div', { class: 'row' }, copyButton('Copy the command', command)),
  ]
}
