// What both the page and Python know: either may change it. Changes made here are numbered, and Python says what it knows with the number
// of the last one that it has heard of; so what was changed here since then is newer than what it says.

const QUIET_MS = 400; // without a change, before Python hears of the last one

/** Whether two values are the same plain data. */
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export class Agreed {
  number = 0; // of the changes that Python was told of

  /** value: plain data that both begin with; undefined: Python is yet to say it. */
  constructor(value) {
    this.value = value;
  }

  /** What Python says; true where that is news. */
  heed({ value, number }) {
    if (number < this.number || same(value, this.value)) return false;
    Object.assign(this, { value, number });
    return true;
  }

  /** It is `value` now: the word that Python is to be told. */
  change(value) {
    this.value = value;
    return { value, number: ++this.number };
  }
}

/** The same of something that changes all the time: Python is told when it stays as it is. */
export class Settling extends Agreed {
  /** tell({ value, number }) reaches Python; waits(value): whether this one need not, until `news` is asked for. */
  constructor(value, tell, waits = () => false) {
    super(value);
    Object.assign(this, { tell, waits });
  }

  /** News takes back a change that was not told yet. */
  heed(said) {
    const news = super.heed(said);
    if (news) this.stop();
    return news;
  }

  /** Something has changed: tell Python what now() is, once it stays like that. */
  changed(now) {
    this.stop();
    this.timer = setTimeout(() => {
      const value = now();
      if (!this.waits(value) && !same(value, this.value)) this.tell(this.change(value));
    }, QUIET_MS);
  }

  /** What Python is to be told now, where it is another than the one it knows. */
  news(value) {
    this.stop();
    return same(value, this.value) ? undefined : this.change(value);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
