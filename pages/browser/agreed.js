// Something that the page shows and its address says: here it is changed, Python writes the address, and a link or Back changes it from there.

const QUIET_MS = 400; // Python hears of a change when nothing has changed any more for so long

export class Agreed {
  number = 0; // of the changes that Python was told of

  /** value: plain data that both begin with; tell({ value, number }) reaches Python. */
  constructor(value, tell) {
    Object.assign(this, { value, tell });
  }

  same(value) {
    return JSON.stringify(value) === JSON.stringify(this.value);
  }

  /** What Python says; true where that is news. What was changed here since then, and it has not heard yet, is newer. */
  heed({ value, number }) {
    if (number < this.number || this.same(value)) return false;
    this.stop();
    Object.assign(this, { value, number });
    return true;
  }

  /** Something has changed: tell Python what now() is, once it stays like that. */
  changed(now) {
    this.stop();
    this.timer = setTimeout(() => {
      const value = now();
      if (this.same(value)) return;
      this.value = value;
      this.tell({ value, number: ++this.number });
    }, QUIET_MS);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
