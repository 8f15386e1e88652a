// The one place that touches the browser's machine, and the only file of the page that is not TypeScript: everything else gets it from here.
import { startPage } from './app.ts';

const prefix = 'throughline-sandbox.';

startPage({
  fetch: (...request) => fetch(...request),
  live(onChange, onLost) {
    const source = new EventSource('/api/live');
    source.addEventListener('change', onChange);
    source.addEventListener('open', () => onLost(false));
    source.addEventListener('error', () => onLost(true));
  },
  remember(key, value) {
    if (value === null) sessionStorage.removeItem(prefix + key);
    else sessionStorage.setItem(prefix + key, value);
  },
  recall: (key) => sessionStorage.getItem(prefix + key),
});
