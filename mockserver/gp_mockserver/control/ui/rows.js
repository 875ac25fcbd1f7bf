// A list of which only the lines in sight are elements, so that thousands cost what a screenful does.
// One line is the current one: arrow keys, Page Up and Down, Home and End move it, a click takes it.

const BEYOND = 6; // lines above and below those in sight

let lists = 0;

export class Rows {
  // `kind`: the class of lines. `key(item)`: what tells items apart. `fill(line, item)`: write the item into its element. `chosen(item)`: it is
  // the current one now, or null. `enter()`: go to its details. `follows()`: whether the end is kept in sight.
  constructor(box, { kind, key, fill, chosen, enter, empty, follows = () => false }) {
    Object.assign(this, { box, kind, key, fill, chosen, enter, empty, follows });
    this.items = [];
    this.current = null;
    this._places = new Map();
    this._lines = new Map();
    this._height = 0;
    this._prefix = `line-${(lists += 1)}-`;
    this._made = 0;
    this._isDue = false;
    this._spacer = document.createElement("div");
    this._spacer.className = "spacer";
    this._spacer.setAttribute("aria-hidden", "true");
    box.append(this._spacer);
    box.addEventListener("scroll", () => this._soon(), { passive: true });
    box.addEventListener("keydown", (event) => this._pressed(event));
    box.addEventListener("click", (event) => {
      const line = event.target.closest("[role=option]");
      if (line !== null) this.choose(line.item);
    });
    new ResizeObserver(() => {
      this._height = 0;
      this._soon();
    }).observe(box);
  }

  // Show these items in place of those before. What is in sight stays where it is.
  show(items, hint = null) {
    const { box } = this;
    const atEnd = this.follows() && box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
    const wasHidden = box.hidden;
    const first = this._height ? this.items[Math.floor(box.scrollTop / this._height)] : undefined;
    const beyond = this._height ? box.scrollTop % this._height : 0;
    this.items = items;
    this._places = new Map(items.map((item, i) => [this.key(item), i]));
    box.hidden = items.length === 0;
    this.empty.hidden = items.length > 0;
    if (hint !== null) this.empty.textContent = hint;
    if (box.hidden) {
      for (const line of this._lines.values()) line.remove();
      this._lines.clear();
      return;
    }
    this._measure();
    this._spacer.style.height = `${items.length * this._height}px`;
    if (atEnd || (wasHidden && this.follows())) {
      box.scrollTop = box.scrollHeight;
    } else if (first !== undefined && box.scrollTop > 0) {
      const place = this._places.get(this.key(first));
      if (place !== undefined) box.scrollTop = place * this._height + beyond;
    }
    this._soon();
  }

  // An item has changed: it is written anew if it is in sight.
  changed(item) {
    const line = this._lines.get(this.key(item));
    if (line !== undefined) line.item = null;
    this._soon();
  }

  // Make an item the current one; null: none.
  choose(item, { quietly = false } = {}) {
    this.current = item === null ? null : this.key(item);
    if (item !== null && !quietly) this._bringIntoSight(this._places.get(this.current));
    this._render();
    this.chosen(item);
  }

  // The items in sight.
  get inSight() {
    return [...this._lines.keys()].map((key) => this.items[this._places.get(key)]).filter(Boolean);
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
  }

  _pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.items.length) return;
    const last = this.items.length - 1;
    const here = this._places.get(this.current);
    const page = Math.max(1, Math.floor(this.box.clientHeight / this._height) - 1);
    const start = this.follows() ? last : 0;
    const to = {
      ArrowDown: here === undefined ? start : here + 1,
      ArrowUp: here === undefined ? start : here - 1,
      PageDown: (here ?? start) + page,
      PageUp: (here ?? start) - page,
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.choose(this.items[Math.min(last, Math.max(0, to))]);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (here === undefined) this.choose(this.items[start]);
      else this.enter();
    }
  }

  _bringIntoSight(place) {
    if (place === undefined) return;
    const { box } = this;
    const top = place * this._height;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + this._height > box.scrollTop + box.clientHeight) box.scrollTop = top + this._height - box.clientHeight;
  }

  _measure() {
    if (this._height) return;
    const line = this._newLine();
    this.box.append(line);
    this._height = line.getBoundingClientRect().height || 24;
    line.remove();
    this._spacer.style.height = `${this.items.length * this._height}px`;
  }

  _soon() {
    if (this._isDue) return;
    this._isDue = true;
    requestAnimationFrame(() => {
      this._isDue = false;
      this._render();
    });
  }

  _render() {
    const { box, items } = this;
    if (box.hidden) return;
    this._measure();
    const from = Math.max(0, Math.floor(box.scrollTop / this._height) - BEYOND);
    const to = Math.min(items.length, Math.ceil((box.scrollTop + box.clientHeight) / this._height) + BEYOND);
    const wanted = new Set();
    for (let i = from; i < to; i += 1) wanted.add(this.key(items[i]));
    if (this._places.has(this.current)) wanted.add(this.current);
    for (const [key, line] of this._lines) {
      if (!wanted.has(key)) {
        line.remove();
        this._lines.delete(key);
      }
    }
    let before = this._spacer;
    for (const place of [...wanted].map((key) => this._places.get(key)).sort((a, b) => a - b)) {
      before = this._place(place, before);
    }
    const active = this._lines.get(this.current);
    if (active === undefined) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", active.id);
  }

  // The elements stand in the order of their items: some ways of reading a page go by that.
  _place(place, before) {
    const item = this.items[place];
    const key = this.key(item);
    let line = this._lines.get(key);
    if (line === undefined) {
      line = this._newLine();
      this._lines.set(key, line);
    }
    if (before.nextSibling !== line) before.after(line);
    if (line.item !== item) {
      line.item = item;
      this.fill(line, item);
    }
    line.style.top = `${place * this._height}px`;
    line.setAttribute("aria-posinset", place + 1);
    line.setAttribute("aria-setsize", this.items.length);
    line.setAttribute("aria-selected", key === this.current);
    return line;
  }

  _newLine() {
    const line = document.createElement("div");
    line.setAttribute("role", "option");
    line.className = `row ${this.kind}`;
    line.id = this._prefix + (this._made += 1);
    return line;
  }
}

// Have Escape lead from an item's details back to its list.
export function backByEscape(detail, box) {
  detail.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !box.hidden) box.focus();
  });
}
