/** A table whose rows come and go while somebody reads it: rows keep their elements, and the focus stays where it is. */

import { make } from './dom.js';

/**
 * @template Item
 * @typedef {object} Column
 * @property {string} title
 * @property {'number' | 'text' | 'wide' | 'name'} kind
 * @property {(cell: HTMLElement, item: Item) => void} fill fills the cell of a row, again at each answer
 * @property {(item: Item) => boolean} [strong] whether it stands out
 */

/**
 * A table of items.
 *
 * @template Item
 */
export class Records {
  #table;
  #columns;
  #name;
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} table with a head and a body that are empty
   * @param {Column<Item>[]} columns the first one names the row
   * @param {(item: Item) => string} name what tells items apart
   */
  constructor(table, columns, name) {
    this.#table = /** @type {HTMLTableElement} */ (table);
    this.#columns = columns;
    this.#name = name;
    const heads = columns.map(({ title, kind }) =>
      make('th', { scope: 'col', role: 'columnheader', class: kind }, title),
    );
    this.#table.tHead?.append(make('tr', { role: 'row' }, ...heads));
  }

  /**
   * Shows these items in their order.
   *
   * @param {Item[]} items
   */
  show(items) {
    /** @type {Map<string, HTMLTableRowElement>} */
    const rows = new Map();
    for (const item of items) {
      const name = this.#name(item);
      const row = this.#rows.get(name) ?? this.#make();
      this.#columns.forEach((column, index) => this.#fill(column, row.cells[index], item));
      rows.set(name, row);
    }
    this.#rows = rows;
    this.#arrange([...rows.values()]);
  }

  /**
   * Hides or shows a column, and gives it another title.
   *
   * @param {number} index
   * @param {string | null} title null hides it
   */
  retitle(index, title) {
    this.#columns[index].title = title ?? '';
    this.#table.classList.toggle(`without-${index}`, title === null);
    const head = this.#table.tHead?.rows[0].cells[index];
    if (head) {
      head.textContent = title ?? '';
      head.hidden = title === null;
    }
  }

  /**
   * @param {Column<Item>} column
   * @param {HTMLElement} cell
   * @param {Item} item
   */
  #fill(column, cell, item) {
    cell.dataset.title = column.title;
    cell.hidden = column.title === '';
    cell.classList.toggle('strong', column.strong?.(item) ?? false);
    column.fill(cell, item);
  }

  #make() {
    const cells = this.#columns.map(({ kind }, index) =>
      index === 0
        ? make('th', { scope: 'row', role: 'rowheader', class: kind })
        : make('td', { role: 'cell', class: kind }),
    );
    return make('tr', { role: 'row' }, ...cells);
  }

  /**
   * Puts the rows in order. A row that has the focus is not moved, for it would lose it: the others move around it.
   *
   * @param {HTMLTableRowElement[]} rows
   */
  #arrange(rows) {
    const body = this.#table.tBodies[0];
    const wanted = new Set(rows);
    const gone = [...body.rows].filter((row) => !wanted.has(row));
    // Not the next row: what is about to be pressed would be another one.
    if (gone.some((row) => row.contains(document.activeElement))) {
      /** @type {HTMLElement | null} */ (this.#table.closest('[tabindex]'))?.focus({ preventScroll: true });
    }
    gone.forEach((row) => row.remove());
    if (rows.every((row, index) => body.rows[index] === row)) {
      return;
    }
    const focused = rows.find((row) => row.contains(document.activeElement));
    let before = focused ?? null;
    for (const row of rows) {
      if (row === focused) {
        before = null;
      } else {
        body.insertBefore(row, before);
      }
    }
  }
}
