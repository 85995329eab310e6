import './zodWithoutEval.ts';
import { render } from 'preact';
import { watchTheme } from './chart/chartTheme.ts';
import { App } from './components/app.tsx';
import { listen, post } from './host.ts';
import { receive } from './store.ts';
import { registerToolkit } from './toolkit.ts';
import { persistViewState } from './viewState.ts';

/*
 * The page around this script is the host's: an element `app`, dist/webview.css as a style sheet, this script with a
 * nonce, and the policy `default-src 'none'; img-src SOURCE data:; style-src SOURCE; font-src SOURCE; script-src 'nonce-…'`.
 */
registerToolkit();
watchTheme();
persistViewState();
listen(receive);
const root = document.getElementById('app');
if (root) render(<App />, root);
post({ type: 'ready' });
