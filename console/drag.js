// Drags a job's bar along its lane in quarter hours and asks the page what that would do (event `what_if`).
// Nothing is changed by it: the bar stays, an outline shows the supposed place. Arrow keys do the same for the bar in focus; Escape ends it.
(() => {
  const QUARTER_MS = 900000, EVERY_MS = 120;
  let held = null, sent = { at: 0, timer: 0 };

  const at = text => Date.parse(text);
  const chart = () => document.querySelector('.gantt[data-from]');
  const barOf = job => document.querySelector(`.job[data-job="${CSS.escape(job)}"]`);

  function ask() {
    clearTimeout(sent.timer);
    const wait = sent.at + EVERY_MS - Date.now();
    const send = () => { sent.at = Date.now(); emitEvent('what_if', { job: held ? held.job : '', start_ms: held ? held.start : 0 }); };
    if (wait <= 0) send(); else sent.timer = setTimeout(send, wait);
  }

  function outline() {
    const old = document.querySelector('.job-supposed');
    const bar = held && barOf(held.job);
    if (!bar) { if (old) old.remove(); return; }
    const from = at(chart().dataset.from), span = at(chart().dataset.to) - from;
    const mark = old && old.parentNode === bar.parentNode ? old : document.createElement('span');
    if (mark !== old) { if (old) old.remove(); mark.className = 'job job-supposed'; bar.parentNode.append(mark); }
    mark.style.left = `${100 * (held.start - from) / span}%`;
    mark.style.width = `${100 * held.length / span}%`;
  }

  function hold(bar) {
    const start = at(bar.dataset.start);
    if (held && held.job === bar.dataset.job) return;
    held = { job: bar.dataset.job, start, length: at(bar.dataset.end) - start };
  }

  function move(start) {
    const gantt = chart();
    if (!gantt || !held) return;
    const first = at(gantt.dataset.from), last = at(gantt.dataset.to) - held.length;
    const snapped = Math.round(start / QUARTER_MS) * QUARTER_MS;
    const next = Math.min(Math.max(snapped, first), last);
    if (next === held.start) return;
    held.start = next; outline(); ask();
  }

  function drop() { if (held) { held = null; outline(); ask(); } }

  document.addEventListener('pointerdown', down => {
    const bar = down.target.closest && down.target.closest('.job[data-job]');
    if (!bar || down.button) return;
    hold(bar);
    const lane = bar.parentNode.getBoundingClientRect(), begin = held.start;
    const perPixel = (at(chart().dataset.to) - at(chart().dataset.from)) / lane.width;
    const moved = event => { event.preventDefault(); move(begin + (event.clientX - down.clientX) * perPixel); };
    const up = () => { removeEventListener('pointermove', moved); removeEventListener('pointerup', up); removeEventListener('pointercancel', up); };
    addEventListener('pointermove', moved); addEventListener('pointerup', up); addEventListener('pointercancel', up);
  });

  document.addEventListener('keydown', key => {
    if (key.key === 'Escape') return drop();
    const bar = document.activeElement && document.activeElement.closest && document.activeElement.closest('.job[data-job]');
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key.key];
    if (!bar || !step) return;
    key.preventDefault(); hold(bar); move(held.start + step * QUARTER_MS * (key.shiftKey ? 4 : 1));
  });

  // The chart is drawn again when something has changed.
  new MutationObserver(() => { if (held && !document.querySelector('.job-supposed')) outline(); }).observe(document, { childList: true, subtree: true });
  addEventListener('lastgang-drop', drop);
})();
