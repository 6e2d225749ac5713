/** Small helpers around the page: find, show, listen, and the page's own words. */

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement | null} */
export const find = (selector, root = document) => root.querySelector(selector);

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Show or hide without touching layout classes; a missing element is not an error. */
export function show(element, visible = true) {
  if (element) element.hidden = !visible;
}

/** Set text only when it differs: a live region would otherwise speak again. */
export function say(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Listen on every element that matches; the handler gets the event and the element. */
export function on(root, event, selector, handler) {
  root.addEventListener(event, (happened) => {
    const target = happened.target instanceof Element ? happened.target.closest(selector) : null;
    if (target && root.contains(target)) handler(happened, target);
  });
}

/** A copy of the first element inside `<template id="...">`. */
export function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/**
 * A sentence of the page's language: `<span data-word="joined">{name} is here</span>`.
 * An unknown key gives "" and a note in the console, never a crash in mid-session.
 */
export function word(key, values = {}) {
  const holder = document.querySelector(`[data-word="${key}"]`);
  if (!holder) {
    console.warn("no word for", key);
    return "";
  }
  return holder.textContent.trim().replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
